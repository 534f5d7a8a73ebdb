import pytest
import torch

from tests.training.conftest import TEACHER, teacher_objective
from training.embedding.loss import ArcFace
from training.networks.teacher import published_teacher


@pytest.fixture
def taught(transformer, references):
    torch.manual_seed(0)
    return teacher_objective(published_teacher(str(transformer), **TEACHER), references)


def test_centres_are_imprinted_before_the_first_step_and_never_again(taught):
    before = taught.arcface.centres.detach().clone()
    assert taught.prepare(0.0, taught.teacher.eval()) == [taught.arcface.centres]
    assert not torch.allclose(taught.arcface.centres, before)
    assert taught.prepare(0.0, taught.teacher) == []


def test_the_loss_is_arcface_with_the_margin_of_the_recipe(taught):
    taught.teacher.eval()
    pixels, labels = torch.rand(3, 3, 64, 32) * 255, torch.tensor([0, 1, 2])
    loss = taught.loss(pixels, labels, 0.0)
    with torch.no_grad():
        embeddings = taught.teacher(pixels)
    again = ArcFace.from_state(taught.arcface.state_dict(), 64.0)
    assert loss.total.item() == pytest.approx(again(embeddings, labels, 0.5).item(), rel=1e-5)
    assert loss.total.item() > again(embeddings, labels, 0.0).item()


def test_only_what_shall_learn_of_the_teacher_has_a_gradient(taught):
    taught.teacher.train_last(1)
    taught.loss(torch.rand(3, 3, 64, 32) * 255, torch.tensor([0, 1, 2]), 0.0).total.backward()
    learning = [name for name, each in taught.teacher.named_parameters() if each.grad is not None]
    assert learning
    assert all(each.requires_grad for name, each in taught.teacher.named_parameters() if name in learning)
    assert len(learning) < len(list(taught.teacher.parameters()))
