import numpy as np
import pytest

from training.detection.disturbances import MOST_COVERED, cover

SHAPE = (60, 80, 3)


def covered(extent, spared=None):
    picture, other = np.zeros(SHAPE, np.uint8), np.full(SHAPE, 255, np.uint8)
    cover(picture, other, np.array([40.0, 30.0]), np.array(extent), np.random.default_rng(3), spared)
    return (picture > 0).all(axis=2)


def test_a_piece_of_the_other_picture_lies_about_its_centre():
    changed = covered([20.0, 20.0])
    assert changed.sum() == pytest.approx(400, rel=0.15)
    assert np.argwhere(changed).mean(axis=0) == pytest.approx([30, 40], abs=0.5)


def test_nothing_is_laid_over_what_it_would_hide():
    spared = (slice(20, 40), slice(30, 50))
    assert not covered([40.0, 40.0], spared).any()
    little = covered([10.0, 10.0], spared)
    assert little.any()
    assert little[spared].mean() < MOST_COVERED
