import pytest
import torch
from torch.nn import functional
from transformers import DINOv3ViTConfig, DINOv3ViTModel

from tests.training.conftest import TINY
from training.distillation.objective import DistillationObjective, DistillationWeights
from training.embedding.loss import ArcFace
from training.embedding.teaching import TeacherObjective
from training.engine.checkpoint import save_checkpoint
from training.engine.objective import NETWORK
from training.errors import TrainingError
from training.networks.model import CardEmbedder
from training.networks.teacher import load_teacher, published_teacher
from training.parallel.ranks import Ranks

SHAPE = {"dimension": 8, "dropout": 0.5, "height": 64, "width": 32}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A vision transformer of two small blocks, saved as published ones are."""
    torch.manual_seed(3)
    config = DINOv3ViTConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_register_tokens=1
    )
    folder = tmp_path_factory.mktemp("dino")
    DINOv3ViTModel(config).save_pretrained(folder)
    return folder


def objective(teacher, references, **changes):
    arcface = ArcFace(2 * references.classes, 8, 64.0)
    return TeacherObjective(teacher, arcface, references, Ranks(), margin=0.5, precision="fp32")


def test_published_weights_are_the_backbone(weights):
    teacher = published_teacher(str(weights), **SHAPE).eval()
    expected = DINOv3ViTModel.from_pretrained(weights).eval()
    pixels = torch.rand(2, 3, 64, 32) * 255
    tokens = expected((pixels - teacher.mean) / teacher.std).last_hidden_state
    embedding, feature_map = teacher.with_map(pixels)
    assert torch.allclose(embedding, functional.normalize(teacher.projection(tokens[:, 0])), atol=1e-5)
    assert feature_map.shape == (2, 16, 4, 2)
    assert torch.allclose(feature_map[:, :, 1, 0], tokens[:, 2 + 2], atol=1e-5)


def test_missing_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    reasons = {
        str(tmp_path / "dino"): ": there is no such folder",
        "facebook/dinov3-vitl16-pretrain-lvd1689m": " .*is this machine online",
    }
    for source, reason in reasons.items():
        with pytest.raises(TrainingError, match=rf"cannot load the weights '{source}'{reason}"):
            published_teacher(source, **SHAPE)


def test_a_size_that_patches_do_not_cover_is_refused(weights):
    with pytest.raises(TrainingError, match="multiples of 16 pixels: 64 x 40"):
        published_teacher(str(weights), **SHAPE | {"width": 40})


@pytest.mark.parametrize(("blocks", "learning"), [(0, set()), (1, {"model.layer.1", "norm"})])
def test_only_the_last_blocks_and_the_projection_learn(weights, references, blocks, learning):
    teacher = published_teacher(str(weights), **SHAPE)
    teacher.train_last(blocks)
    taught = objective(teacher, references)
    taught.trained.train()
    taught.loss(torch.rand(4, 3, 64, 32) * 255, torch.tensor([0, 0, 1, 1]), 0.0).total.backward()
    changed = {name for name, p in teacher.backbone.named_parameters() if p.grad is not None}
    assert {next((part for part in learning if name.startswith(part)), name) for name in changed} == learning
    assert teacher.projection.weight.grad is not None
    assert taught.arcface.centres.grad is not None


def test_more_blocks_than_there_are_cannot_learn(weights):
    with pytest.raises(TrainingError, match="the last 3 blocks of the teacher shall learn, it has 2"):
        published_teacher(str(weights), **SHAPE).train_last(3)


def test_the_centres_start_where_the_teacher_has_the_classes(weights, references):
    taught = objective(published_teacher(str(weights), **SHAPE).eval(), references)
    assert taught.prepare(0.0, taught.teacher) == [taught.arcface.centres]
    assert taught.prepare(0.0, taught.teacher) == []
    assert torch.allclose(taught.arcface.centres.norm(dim=1), torch.ones(10), atol=1e-5)


@pytest.fixture
def checkpoint(weights, references, tmp_path):
    taught = objective(published_teacher(str(weights), **SHAPE), references)
    state = {
        "settings": taught.describe(),
        "trained": taught.trained.state_dict(),
        "average": taught.teacher.state_dict(),
    }
    save_checkpoint(tmp_path / "teacher.pt", state)
    return tmp_path / "teacher.pt", taught


def test_a_teacher_survives_its_checkpoint_without_the_published_weights(checkpoint):
    path, taught = checkpoint
    teacher, arcface = load_teacher(path)
    pixels = torch.rand(2, 3, 64, 32) * 255
    assert not teacher.training
    assert torch.equal(teacher(pixels), taught.teacher.eval()(pixels))
    assert torch.equal(arcface.centres, taught.arcface.centres)
    assert arcface.scale == 64


def test_a_student_is_not_a_teacher(tmp_path):
    save_checkpoint(tmp_path / "a.pt", {"settings": {"model": TINY.to_json()}})
    with pytest.raises(TrainingError, match="not the checkpoint of a teacher"):
        load_teacher(tmp_path / "a.pt")


def distilling(checkpoint, **weights):
    teacher, centres = load_teacher(checkpoint[0])
    torch.manual_seed(0)
    student = CardEmbedder(TINY)
    student_centres = ArcFace.from_state(centres.state_dict(), centres.scale)
    return DistillationObjective(student, student_centres, (teacher, centres), DistillationWeights(**weights), "fp32")


def test_the_loss_is_the_weighted_sum_of_its_terms(checkpoint):
    distil = distilling(
        checkpoint, classification=0.3, distillation=0.7, feature=0.35, kl=0.25, attention=0.2, relational=0.1
    )
    loss = distil.loss(torch.rand(4, 3, 64, 32) * 255, torch.tensor([0, 0, 1, 1]), 0.0)
    parts = {name: float(value) for name, value in loss.parts.items()}
    terms = {"feature": 0.35, "kl": 0.25, "attention": 0.2, "high_frequency": 0.15, "relational": 0.1}
    assert parts.keys() == terms.keys() | {"classification"}
    expected = 0.3 * parts["classification"] + 0.7 * sum(weight * parts[name] for name, weight in terms.items())
    assert loss.total.item() == pytest.approx(expected, rel=1e-5)
    loss.total.backward()
    assert all(p.grad is None for p in distil.teacher.parameters())
    assert distil.taught.centres.grad is None
    assert distil.arcface.centres.grad is not None


def test_regression_alone_draws_the_student_to_the_teacher(checkpoint):
    distil = distilling(checkpoint, feature=1.0, kl=0, attention=0, high_frequency=0)
    pixels = torch.rand(8, 3, 64, 32) * 255
    optimizer = torch.optim.AdamW(distil.trained[NETWORK].parameters(), lr=1e-2)
    values = []
    for _ in range(30):
        loss = distil.loss(pixels, torch.zeros(8, dtype=torch.int64), 0.0)
        assert loss.parts.keys() == {"feature"}
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        values.append(loss.total.item())
    assert values[-1] < 0.5 * values[0]


def test_teacher_and_student_may_see_different_sizes(checkpoint, weights, references):
    distil = distilling(checkpoint)
    pixels = torch.rand(2, 3, 128, 64) * 255
    loss = distil.loss(pixels, torch.tensor([0, 1]), 0.0)
    assert torch.isfinite(loss.total)


def test_teacher_and_student_of_other_cards_are_refused(checkpoint):
    teacher, centres = load_teacher(checkpoint[0])
    with pytest.raises(TrainingError, match="train both on the same cards"):
        DistillationObjective(
            CardEmbedder(TINY), ArcFace(4, 8, 64.0), (teacher, centres), DistillationWeights(), "fp32"
        )
