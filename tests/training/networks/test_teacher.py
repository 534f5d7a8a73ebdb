import pytest
import torch
from torch.nn import functional
from transformers import DINOv3ViTModel

from tests.training.conftest import TEACHER, teacher_objective
from training.engine.checkpoint import load_checkpoint
from training.errors import TrainingError
from training.networks.teacher import published_teacher, teacher_of


def test_published_weights_are_the_backbone(transformer):
    teacher = published_teacher(str(transformer), **TEACHER).eval()
    expected = DINOv3ViTModel.from_pretrained(transformer).eval()
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
            published_teacher(source, **TEACHER)


def test_a_size_that_patches_do_not_cover_is_refused(transformer):
    with pytest.raises(TrainingError, match="multiples of 16 pixels: 64 x 40"):
        published_teacher(str(transformer), **TEACHER | {"width": 40})


@pytest.mark.parametrize(("blocks", "learning"), [(0, set()), (1, {"model.layer.1", "norm"})])
def test_only_the_last_blocks_and_the_projection_learn(transformer, references, blocks, learning):
    teacher = published_teacher(str(transformer), **TEACHER)
    teacher.train_last(blocks)
    taught = teacher_objective(teacher, references)
    taught.trained.train()
    taught.loss(torch.rand(4, 3, 64, 32) * 255, torch.tensor([0, 0, 1, 1]), 0.0).total.backward()
    changed = {name for name, p in teacher.backbone.named_parameters() if p.grad is not None}
    assert {next((part for part in learning if name.startswith(part)), name) for name in changed} == learning
    assert teacher.projection.weight.grad is not None
    assert taught.arcface.centres.grad is not None


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_frozen_transformer_sees_one_picture_twice_alike_while_the_rest_learns(transformer, blocks):
    teacher = published_teacher(str(transformer), **TEACHER | {"dropout": 0.0})
    teacher.train_last(blocks)
    teacher.train()
    pixels = torch.rand(2, 3, 64, 32) * 255
    assert torch.equal(teacher(pixels), teacher(pixels))
    assert [layer.training for layer in teacher.backbone.model.layer] == [False, blocks == 1]
    assert teacher.projection.training
    assert not any(part.training for part in teacher.eval().modules())


def test_more_blocks_than_there_are_cannot_learn(transformer):
    with pytest.raises(TrainingError, match="the last 3 blocks of the teacher shall learn, it has 2"):
        published_teacher(str(transformer), **TEACHER).train_last(3)


def test_the_centres_start_where_the_teacher_has_the_classes(transformer, references):
    taught = teacher_objective(published_teacher(str(transformer), **TEACHER).eval(), references)
    assert taught.prepare(0.0, taught.teacher) == [taught.arcface.centres]
    assert taught.prepare(0.0, taught.teacher) == []
    assert torch.allclose(taught.arcface.centres.norm(dim=1), torch.ones(10), atol=1e-5)


def test_a_teacher_survives_its_checkpoint_without_the_published_weights(teacher_checkpoint):
    path, taught = teacher_checkpoint
    teacher, arcface = teacher_of(load_checkpoint(path))
    pixels = torch.rand(2, 3, 64, 32) * 255
    assert not teacher.training
    assert torch.equal(teacher(pixels), taught.teacher.eval()(pixels))
    assert torch.equal(arcface.centres, taught.arcface.centres)
    assert arcface.scale == 64
