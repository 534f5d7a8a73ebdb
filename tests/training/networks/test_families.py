import warnings
from dataclasses import replace

import pytest
import torch
from transformers import ConvNextConfig, ConvNextModel

from tests.training.conftest import TINY
from training.errors import TrainingError
from training.networks.families.shapes import SHAPES, shape_named
from training.networks.model import CardEmbedder, ModelSettings

FAMILIES = ("convnext", "dinov3-convnext", "convnext-batchnorm", "regnet-x")


def tiny(family: str) -> CardEmbedder:
    torch.manual_seed(0)
    return CardEmbedder(replace(TINY, family=family, group_width=4))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_unit_embeddings_a_map_and_gradients(family):
    model = tiny(family)
    embeddings, feature_map = model.with_map(torch.rand(3, 3, 64, 32) * 255)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(3), atol=1e-5)
    assert feature_map.shape == (3, 8, 2, 1)
    embeddings[:, 0].sum().backward()
    without = [name for name, p in model.named_parameters() if p.grad is None and "layernorm" not in name]
    assert without == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_map_lies_as_its_card_does(family):
    model = tiny(family).eval()
    card = torch.full((1, 3, 128, 96), 128.0)
    changed = card.clone()
    changed[..., :32, 64:] = 0.0
    backbone = model.backbone
    difference = (backbone(changed) - backbone(card)).abs().sum(dim=1)[0]
    assert difference.flatten().argmax() == 2


def test_families_for_accelerators_have_neither_layer_normalisation_nor_gelu():
    for family in ("convnext-batchnorm", "regnet-x"):
        kinds = {type(module).__name__ for module in tiny(family).backbone.modules()}
        assert not {kind for kind in kinds if "LayerNorm" in kind or "GELU" in kind}


def test_the_tiny_students_have_the_published_number_of_weights():
    def millions(name):
        backbone = CardEmbedder(SHAPES[name]).backbone
        return sum(p.numel() for p in backbone.parameters()) / 1e6

    assert millions("convnext-tiny") == pytest.approx(27.8, abs=0.1)
    assert millions("regnet-x-400mf") == pytest.approx(5.09, abs=0.02)


def test_an_unknown_shape_names_those_there_are():
    with pytest.raises(TrainingError, match=r"no student 'vgg'; there are demo, demo-small, convnext-tiny"):
        shape_named("vgg")


def test_settings_of_an_older_checkpoint_are_of_convnext():
    older = {key: value for key, value in TINY.to_json().items() if key not in ("family", "group_width")}
    assert ModelSettings.from_json(older) == TINY


@pytest.fixture
def published(tmp_path):
    torch.manual_seed(1)
    config = ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[4, 4, 8, 8])
    model = ConvNextModel(config)
    model.save_pretrained(tmp_path / "weights")
    return tmp_path / "weights", model


def test_published_weights_are_taken_over(published):
    folder, weights = published
    model = tiny("convnext")
    model.load_backbone(str(folder))
    state = model.backbone.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in weights.state_dict().items())


def test_weights_of_another_shape_or_none_are_refused(published, tmp_path, monkeypatch):
    folder, _ = published
    with pytest.raises(TrainingError, match="are of another shape than convnext"):
        CardEmbedder(replace(TINY, hidden_sizes=(4, 4, 8, 16))).load_backbone(str(folder))
    with pytest.raises(TrainingError, match="no published weights for the family convnext-batchnorm"):
        tiny("convnext-batchnorm").load_backbone(str(folder))
    with pytest.raises(TrainingError, match=r"cannot load the weights '.*nowhere'"):
        tiny("convnext").load_backbone(str(tmp_path / "nowhere"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TrainingError, match=r"weights|missing|model type"):
            tiny("regnet-x").load_backbone(str(folder))
