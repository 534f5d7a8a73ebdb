import numpy as np
import pytest

from training.detection.mats import on_dark_mat

QUADS = np.array([[[60, 40], [120, 40], [120, 124], [60, 124]], np.full((4, 2), np.nan)], np.float32)
PICTURE = np.full((160, 180, 3), 180, np.uint8)
WHOLE = np.array([1.0, 0.0], np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_all_around_a_card_is_dark_and_its_middle_as_it_was(seed):
    dark = on_dark_mat(PICTURE, QUADS, WHOLE, np.random.default_rng(seed))
    assert dark.shape == PICTURE.shape
    assert dark.dtype == np.uint8
    assert dark[:30].max() < 90
    assert np.array_equal(dark[60:100, 75:105], PICTURE[60:100, 75:105])
    assert PICTURE.min() == 180


def test_where_something_covers_a_card_nothing_is_changed():
    covered = np.array([0.7, 0.0], np.float32)
    assert on_dark_mat(PICTURE, QUADS, covered, np.random.default_rng(0)) is PICTURE


def test_without_a_card_nothing_is_changed():
    assert on_dark_mat(PICTURE, QUADS[1:], WHOLE[1:], np.random.default_rng(0)) is PICTURE
