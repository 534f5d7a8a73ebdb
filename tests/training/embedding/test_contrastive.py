import pytest
import torch

from tests.training.conftest import TINY
from training.embedding.contrastive import ContrastiveObjective, ContrastiveSettings
from training.engine.objective import NETWORK
from training.parallel.ranks import Ranks


@pytest.fixture
def objective(references) -> ContrastiveObjective:
    torch.manual_seed(2)
    settings = ContrastiveSettings(model=TINY, arcface_weight=0.2, imprint_at=0.3)
    return ContrastiveObjective(settings, references, Ranks(), "fp32")


def test_arcface_counts_by_its_weight_beside_the_contrastive_loss(objective):
    pixels, labels = torch.rand(4, 3, 64, 32) * 255, torch.tensor([0, 0, 1, 1])
    loss = objective.loss(pixels, labels, 0.5)
    expected = loss.parts["contrastive"].item() + 0.2 * loss.parts["arcface"].item()
    assert loss.total.item() == pytest.approx(expected, rel=1e-6)
    loss.total.backward()
    assert float(objective.arcface.centres.grad.abs().sum()) > 0


def test_centres_are_imprinted_once_and_not_before_the_network_has_learned_for_a_while(objective):
    average, before = objective.trained[NETWORK].eval(), objective.arcface.centres.detach().clone()
    assert objective.prepare(0.29, average) == []
    assert torch.equal(objective.arcface.centres, before)
    assert objective.prepare(0.3, average) == [objective.arcface.centres]
    assert not torch.allclose(objective.arcface.centres, before)
    assert objective.prepare(0.9, average) == []


def test_a_class_is_a_card_one_way_up(objective, references):
    assert len(objective.arcface.centres) == 2 * references.classes


def test_a_checkpoint_says_of_which_cards_and_of_which_shape_it_is(objective, references):
    assert objective.describe() == {"model": TINY.to_json(), "cards": references.digest}
