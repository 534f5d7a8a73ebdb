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
from training.errors import TrainingError
from training.parallel.ranks import Ranks


def test_a_teacher_brings_its_centres(teacher_checkpoint, references):
    path, taught = teacher_checkpoint
    teacher = open_teacher(path, references, Ranks())
    assert torch.equal(teacher.centres.centres, taught.arcface.centres)
    assert (teacher.centres.scale, teacher.dimension, teacher.input_size) == (64, 8, (64, 32))
    assert not teacher.network.training


def test_a_teacher_of_other_cards_is_refused(teacher_checkpoint):
    others = References(images=coarse_cards(3), labels=np.arange(3), card_ids=("a", "b", "c"))
    with pytest.raises(TrainingError, match="knows 5 cards, these are 3: train it on the same cards"):
        open_teacher(teacher_checkpoint[0], others, Ranks())


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
    assert loss.parts.keys() == {"feature", "kl", "attention", "high_frequency"}
    after = teacher.network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
