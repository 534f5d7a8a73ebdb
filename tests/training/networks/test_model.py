from dataclasses import replace

import numpy as np
import pytest
import torch

from training.engine.ema import AveragedModel
from training.errors import TrainingError
from training.networks.model import CardEmbedder, ModelSettings

TINY = ModelSettings(depths=(1, 1, 1, 1), hidden_sizes=(4, 4, 8, 8), dimension=8, map_channels=8, height=64, width=32)


def test_embeddings_are_unit_rows():
    embeddings = CardEmbedder(TINY).eval()(torch.rand(3, 3, 64, 32) * 255)
    assert embeddings.shape == (3, 8)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(3), atol=1e-5)


def test_what_stands_elsewhere_on_the_card_embeds_elsewhere():
    torch.manual_seed(0)
    model = CardEmbedder(TINY).eval()
    card = torch.rand(1, 3, 64, 32) * 255
    card[..., 32:, :] = 0
    one, other = model(torch.cat([card, card.flip(-2, -1)]))
    assert one @ other < 0.9


@pytest.mark.parametrize("size", [{"height": 0}, {"width": 70}])
def test_an_input_that_the_network_would_cut_off_is_refused(size):
    with pytest.raises(TrainingError, match="multiples of 32"):
        replace(TINY, **size)


def test_the_demo_student_has_three_to_four_million_weights():
    count = sum(parameter.numel() for parameter in CardEmbedder(ModelSettings()).parameters())
    assert 3_000_000 < count < 4_000_000


def test_settings_survive_json():
    assert ModelSettings.from_json(TINY.to_json()) == TINY
    assert (TINY.preprocessing.height, TINY.preprocessing.width) == (64, 32)


def test_average_follows_its_definition():
    model = CardEmbedder(TINY)
    average = AveragedModel(model, decay=0.5)
    start = model.projection.weight.detach().clone()
    with torch.no_grad():
        model.projection.weight.fill_(1.0)
    average.update(model, updates=0)
    assert np.allclose(average.model.projection.weight, 0.1 * start + 0.9)
    average.update(model, updates=1000)
    assert np.allclose(average.model.projection.weight, 0.5 * (0.1 * start + 0.9) + 0.5)


def test_average_is_not_trained():
    average = AveragedModel(CardEmbedder(TINY), decay=0.9)
    assert not average.model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    with pytest.raises(RuntimeError):
        average.model(torch.rand(2, 3, 64, 32)).sum().backward()
