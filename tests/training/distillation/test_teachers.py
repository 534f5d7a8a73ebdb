from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.conftest import TINY, coarse_cards
from training.data.references import References
from training.distillation.stages import first_distillation
from training.distillation.teachers import open_teacher
from training.embedding.retrieval import torch_embedding
from training.embedding.variants import ALL_TERMS
from training.engine.checkpoint import load_checkpoint, save_checkpoint
from training.errors import TrainingError
from training.parallel.ranks import Ranks


def test_a_teacher_brings_its_centres(teacher_checkpoint, references):
    path, taught = teacher_checkpoint
    teacher = open_teacher(path, references, Ranks())
    assert torch.equal(teacher.centres.centres, taught.arcface.centres)
    assert (teacher.centres.scale, teacher.dimension, teacher.input_size) == (64, 8, (64, 32))
    assert not teacher.network.training


@pytest.mark.parametrize(
    ("labels", "ids"), [([0, 1, 2], "abc"), ([1, 0, 2, 3, 4, 1], "abcdef"), ([0, 1, 2, 3, 4, 0], "ABCDEF")]
)
def test_a_teacher_of_other_cards_or_labels_is_refused(teacher_checkpoint, labels, ids):
    others = References(images=coarse_cards(len(labels)), labels=np.array(labels), card_ids=tuple(ids))
    with pytest.raises(TrainingError, match="learnt other cards than these, or the same ones under other labels"):
        open_teacher(teacher_checkpoint[0], others, Ranks())


def test_a_teacher_that_does_not_say_what_it_learnt_is_refused(teacher_checkpoint, references):
    path, _ = teacher_checkpoint
    state = load_checkpoint(path)
    del state["settings"]["cards"]
    save_checkpoint(path, state)
    with pytest.raises(TrainingError, match="does not say which cards it learnt"):
        open_teacher(path, references, Ranks())


def test_the_cards_may_come_in_another_order(teacher_checkpoint, references):
    order = [3, 5, 0, 1, 4, 2]
    same = References(
        images=references.images[order],
        labels=references.labels[order],
        card_ids=tuple(references.card_ids[number] for number in order),
    )
    assert open_teacher(teacher_checkpoint[0], same, Ranks()).cards == references.digest


def test_a_student_that_teaches_has_its_centres_where_it_has_the_cards(student_checkpoint, references):
    teacher = open_teacher(student_checkpoint, references, Ranks())
    embed = torch_embedding(teacher.network, TINY.width, TINY.height)
    cards = [np.asarray(image) for image in references.images]
    assert np.allclose(teacher.centres.centres[1], embed([cards[1]])[0], atol=1e-5)
    nearest = (embed(cards) @ teacher.centres.centres.numpy().T).argmax(axis=1)
    assert nearest.tolist() == references.labels.tolist()
    assert not any(p.requires_grad for part in (teacher.network, teacher.centres) for p in part.parameters())


def test_a_student_of_a_student_has_its_teachers_dimension_and_learns_nothing_into_it(student_checkpoint, references):
    teacher = open_teacher(student_checkpoint, references, Ranks())
    before = {name: value.clone() for name, value in teacher.network.state_dict().items()}
    distil = first_distillation(replace(TINY, dimension=12, height=96), teacher, ALL_TERMS, "fp32")
    assert distil.student.settings.dimension == teacher.dimension == 8
    distil.trained.train()
    loss = distil.loss(torch.rand(4, 3, 96, 32) * 255, torch.tensor([0, 0, 1, 1]), 0.0)
    loss.total.backward()
    terms = {"feature", "kl", "attention", "high_frequency"}
    assert loss.parts.keys() == terms | {f"gradient_{term}" for term in terms}
    after = teacher.network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
