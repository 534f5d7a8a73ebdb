import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.detection.networks.outline import (
    RAYS,
    STRIDE_PX,
    OutlineProposer,
    decode,
    fit_quad,
    mixed_quad,
    ray_directions,
)
from edge.errors import ModelError
from edge.shipped import OUTLINE_MODEL

CARD = np.array([[40.0, 30.0], [120.0, 45.0], [100.0, 150.0], [25.0, 130.0]])


def ray_ends(quad, centre):
    """Where rays from a point inside leave a quad."""
    ends = []
    for direction in ray_directions():
        reach = []
        for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
            normal = np.array([end[1] - start[1], start[0] - end[0]])
            if direction @ normal > 0:
                reach.append((start - centre) @ normal / (direction @ normal))
        ends.append(centre + min(reach) * direction)
    return np.array(ends)


def test_a_quad_is_found_again_from_the_ends_of_its_rays():
    assert np.allclose(fit_quad(ray_ends(CARD, CARD.mean(axis=0))), CARD, atol=0.01)


@given(st.floats(0, 2 * np.pi), st.floats(20, 200), st.integers(0, 2**32 - 1))
def test_noise_on_the_rays_averages_out(angle, width, seed):
    half = np.array([[-0.5, -0.7], [0.5, -0.7], [0.5, 0.7], [-0.5, 0.7]]) * width
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    quad = half @ turn.T + 300
    noise = np.random.default_rng(seed).normal(0, 0.01, (RAYS, 1))
    found = fit_quad(300 + (ray_ends(quad, np.full(2, 300.0)) - 300) * (1 + noise))
    corners = np.linalg.norm(found[:, None] - quad[None], axis=2).min(axis=1)
    assert corners.max() < 0.05 * width


def test_points_without_extent_are_no_quad():
    assert fit_quad(np.full((RAYS, 2), 7.0)) is None


def test_a_card_is_decoded_once_and_where_it_is():
    score = np.zeros((24, 24), np.float32)
    distances = np.ones((RAYS, 24, 24), np.float32)
    for row, column, value in ((11, 9, 0.9), (11, 11, 0.7), (3, 3, 0.2)):
        cell = STRIDE_PX * np.array([column, row]) + (STRIDE_PX - 1) / 2
        score[row, column] = value
        distances[:, row, column] = np.linalg.norm(ray_ends(CARD, cell) - cell, axis=1)
    (proposal,) = decode(score, distances, 0.5)
    assert proposal.score == pytest.approx(0.9)
    assert np.allclose(proposal.quad, CARD, atol=0.05)


def test_sides_of_two_quads_are_mixed():
    moved = CARD + 5
    assert np.allclose(mixed_quad(CARD, moved, np.zeros(4, bool)), CARD)
    assert np.allclose(mixed_quad(CARD, moved, np.ones(4, bool)), moved)
    mixed = mixed_quad(CARD, moved, np.array([True, False, False, False]))
    assert np.allclose(mixed[2:], CARD[2:])
    assert not np.allclose(mixed[:2], CARD[:2])


@pytest.mark.parametrize("size", [(1, 1), (25, 300), (300, 25), (997, 641)])
def test_pictures_of_any_size_are_taken(size):
    image = np.full((*size, 3), 128, np.uint8)
    assert OutlineProposer(OUTLINE_MODEL).propose(image, 96, 0.5) == []


def test_another_model_is_refused():
    with pytest.raises(ModelError, match="another network"):
        OutlineProposer(OUTLINE_MODEL.with_name("demo.onnx"))
