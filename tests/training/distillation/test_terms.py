import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.distillation.terms import (
    attention_distance,
    detail_bands,
    detail_distance,
    feature_distance,
    relational_distance,
    softened_divergence,
)


def random_rows(count: int, width: int, seed: int) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def unit_rows(count: int, width: int, seed: int) -> torch.Tensor:
    return torch.nn.functional.normalize(random_rows(count, width, seed), dim=1)


def test_feature_distance_is_one_minus_the_cosine():
    student, teacher = unit_rows(5, 4, 0), unit_rows(5, 4, 1)
    cosines = [float(a @ b) for a, b in zip(student, teacher, strict=True)]
    assert float(feature_distance(student, teacher)) == pytest.approx(1 - sum(cosines) / 5, abs=1e-6)


def test_softened_divergence_is_the_published_formula():
    student, teacher = random_rows(3, 4, 0), random_rows(3, 4, 1)
    total = 0.0
    for s, t in zip(student.tolist(), teacher.tolist(), strict=True):
        p = np.exp(np.array(t) / 4) / np.exp(np.array(t) / 4).sum()
        q = np.exp(np.array(s) / 4) / np.exp(np.array(s) / 4).sum()
        total += float((p * np.log(p / q)).sum())
    assert float(softened_divergence(student, teacher, 4.0)) == pytest.approx(16 * total / 3, rel=1e-4)


def test_attention_sees_where_a_map_is_active_on_any_grid_and_with_any_channels():
    coarse = torch.zeros(1, 2, 2, 2)
    coarse[..., 0, 0] = 3.0
    fine = torch.zeros(1, 5, 4, 4)
    fine[..., :2, :2] = 0.5
    elsewhere = fine.flip(-1)
    assert float(attention_distance(coarse, fine)) == pytest.approx(0, abs=1e-6)
    assert float(attention_distance(coarse, elsewhere)) == pytest.approx(2, abs=1e-5)


def test_the_haar_transform_of_a_known_row():
    row = torch.tensor([[1.0, 3.0, 5.0, 11.0]])
    root = math.sqrt(2)
    assert detail_bands(row, 1)[0].tolist() == pytest.approx([-2 / root, -6 / root])
    assert detail_bands(row, 2)[0].tolist() == pytest.approx([-2 / root, -6 / root, (4 - 16) / 2])


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(1, 4), st.integers(0, 99))
def test_details_do_not_see_a_constant_and_never_gain_energy(width, levels, seed):
    row = random_rows(1, width, seed)
    assert torch.allclose(detail_bands(row, levels), detail_bands(row + 7, levels), atol=1e-4)
    if width % 2**levels == 0:
        low = row.reshape(1, -1, 2**levels).sum(2) * 2 ** (-levels / 2)
        energy = detail_bands(row, levels).square().sum() + low.square().sum()
        assert float(energy) == pytest.approx(float(row.square().sum()), rel=1e-4)


def test_detail_distance_ignores_what_all_classes_have_in_common():
    logits = random_rows(3, 8, 0)
    assert float(detail_distance(logits + 5, logits, 4.0, 2)) == pytest.approx(0, abs=1e-9)
    assert float(detail_distance(2 * logits, logits, 4.0, 1)) == pytest.approx(
        float((detail_bands(logits, 1) / 4).square().mean()), rel=1e-5
    )


def test_detail_distance_is_that_of_logits_rebuilt_from_their_details():
    student, teacher = random_rows(3, 8, 0), random_rows(3, 8, 1)

    def details(row):
        pairs = row.reshape(3, 4, 2)
        return (pairs - pairs.mean(dim=2, keepdim=True)).reshape(3, 8)

    rebuilt = (details(student) - details(teacher)).square().mean() / 16
    assert float(detail_distance(student, teacher, 4.0, 1)) == pytest.approx(2 * float(rebuilt), rel=1e-5)


def test_relations_are_those_between_the_cards_of_a_batch():
    student = unit_rows(6, 4, 0)
    turned = student @ torch.linalg.qr(random_rows(4, 4, 1))[0]
    assert float(relational_distance(3 * turned, student)) == pytest.approx(0, abs=1e-6)
    other = unit_rows(6, 5, 2)
    a, b = (torch.pdist(rows) / torch.pdist(rows).mean() for rows in (student, other))
    expected = [0.5 * d * d if d < 1 else d - 0.5 for d in (a - b).abs().tolist()]
    assert float(relational_distance(student, other)) == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_gradients_are_finite_where_two_views_are_the_same():
    student = unit_rows(2, 4, 0)[[0, 0, 1]].requires_grad_()
    relational_distance(student, unit_rows(3, 4, 1)).backward()
    assert torch.isfinite(student.grad).all()
