import pytest
import torch

from tests.training.conftest import TINY
from training.distillation.objective import DistillationObjective
from training.distillation.stages import first_distillation
from training.distillation.teachers import FrozenTeacher, open_teacher
from training.embedding.loss import ArcFace
from training.embedding.variants import ALL_TERMS
from training.engine.objective import NETWORK
from training.errors import TrainingError
from training.networks.model import CardEmbedder
from training.parallel.ranks import Ranks


@pytest.fixture
def teacher(teacher_checkpoint, references) -> FrozenTeacher:
    return open_teacher(teacher_checkpoint[0], references, Ranks())


def distilling(teacher, **weights):
    torch.manual_seed(0)
    return first_distillation(TINY, teacher, ALL_TERMS.model_copy(update=weights), "fp32")


def test_each_term_has_its_share_of_the_gradient(teacher):
    distil = distilling(
        teacher, classification=0.3, distillation=0.7, feature=0.35, kl=0.25, attention=0.2, relational=0.1
    )
    maps = []
    with_map = distil.student.with_map
    distil.student.with_map = lambda pixels: maps.append(with_map(pixels)) or maps[-1]
    loss = distil.loss(torch.rand(4, 3, 64, 32) * 255, torch.tensor([0, 0, 1, 1]), 0.0)
    parts = {name: float(value) for name, value in loss.parts.items()}
    terms = {"feature": 0.35, "kl": 0.25, "attention": 0.2, "high_frequency": 0.15, "relational": 0.1}
    shares = {name: 0.7 * weight for name, weight in terms.items()} | {"classification": 0.3}
    norms = {name: parts.pop(f"gradient_{name}") for name in shares}
    assert parts.keys() == shares.keys()
    assert norms["kl"] > 10 * norms["attention"]
    expected = sum(share * parts[name] / norms[name] for name, share in shares.items())
    assert loss.total.item() == pytest.approx(expected, rel=1e-4)
    (gradient,) = torch.autograd.grad(loss.total, maps[0][1], retain_graph=True)
    assert 0 < float(gradient.norm()) < sum(shares.values()) + 1e-3
    loss.total.backward()
    assert all(p.grad is None for p in distil.teacher.network.parameters())
    assert distil.teacher.centres.centres.grad is None
    assert distil.arcface.centres.grad is not None


def test_cards_of_the_batch_are_told_apart_by_their_labels(teacher):
    distil = distilling(teacher, contrastive=1.0, distillation=0)
    pixels = torch.rand(4, 3, 64, 32) * 255
    loss = distil.loss(pixels, torch.tensor([0, 0, 1, 1]), 0.0)
    assert loss.total.item() == pytest.approx((loss.parts["contrastive"] / loss.parts["gradient_contrastive"]).item())
    other = distil.loss(pixels, torch.tensor([0, 1, 0, 1]), 0.0)
    assert loss.parts["contrastive"].item() != pytest.approx(other.parts["contrastive"].item())


def test_regression_alone_draws_the_student_to_the_teacher(teacher):
    distil = distilling(teacher, feature=1.0, kl=0, attention=0, high_frequency=0)
    pixels = torch.rand(8, 3, 64, 32) * 255
    optimizer = torch.optim.AdamW(distil.trained[NETWORK].parameters(), lr=1e-2)
    values = []
    for _ in range(30):
        loss = distil.loss(pixels, torch.zeros(8, dtype=torch.int64), 0.0)
        assert loss.parts.keys() == {"feature", "gradient_feature"}
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        values.append(loss.parts["feature"].item())
    assert values[-1] < 0.5 * values[0]


def test_teacher_and_student_may_see_different_sizes(teacher):
    distil = distilling(teacher)
    pixels = torch.rand(2, 3, 128, 64) * 255
    loss = distil.loss(pixels, torch.tensor([0, 1]), 0.0)
    assert torch.isfinite(loss.total)


def test_centres_of_other_cards_are_refused(teacher):
    with pytest.raises(TrainingError, match="train both on the same cards"):
        DistillationObjective(CardEmbedder(TINY), ArcFace(4, 8, 64.0), teacher, ALL_TERMS, "fp32")
