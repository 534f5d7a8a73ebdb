import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.augmentation.texture import random_texture


def many(count: int = 300) -> list[np.ndarray]:
    return [random_texture(np.random.default_rng(seed), 40, 56) for seed in range(count)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90))
def test_a_surface_has_the_size_that_was_asked_for(seed, width, height):
    made = random_texture(np.random.default_rng(seed), width, height)
    assert made.shape == (height, width, 3)
    assert made.dtype == np.uint8
    assert np.array_equal(made, random_texture(np.random.default_rng(seed), width, height))


def test_there_are_plain_blotchy_and_strongly_patterned_surfaces():
    spread = np.array([texture.std(axis=(0, 1)).max() for texture in many()])
    assert 0.15 < (spread == 0).mean() < 0.4
    assert (spread > 40).mean() > 0.1
    assert ((spread > 0) & (spread < 20)).mean() > 0.15


def test_there_are_black_and_white_tables_as_well_as_coloured_ones():
    plain = np.array([texture[0, 0] for texture in many() if texture.std(axis=(0, 1)).max() == 0])
    assert (plain.max(axis=1) < 40).any()
    assert (plain.min(axis=1) >= 215).any()
    assert (np.ptp(plain, axis=1) > 60).mean() > 0.3


@pytest.mark.parametrize("axis", [0, 1])
def test_some_surfaces_have_a_grain_along_this_side(axis):
    """Two cells along one side, many along the other: it changes far more often across than along."""
    textured = [texture.astype(int) for texture in many() if texture.std() > 3]
    changes = [[np.abs(np.diff(texture, axis=side)).mean() + 1e-3 for side in (axis, 1 - axis)] for texture in textured]
    assert sum(across > 5 * along for across, along in changes) >= 5
