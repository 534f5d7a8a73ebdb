import numpy as np
import pytest

from edge.detection.overlap import areas, concentric, contains, contains_all, overlap

SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])


def test_overlap_is_relative_to_the_smaller():
    assert overlap(SQUARE, SQUARE * 0.5 + 1) == pytest.approx(1.0)
    assert overlap(SQUARE, SQUARE + (5, 0)) == pytest.approx(0.5)
    assert overlap(SQUARE, SQUARE + (20, 0)) == 0.0


def test_containment():
    points = np.array([[5.0, 5], [15, 5], [-1, 5]])
    assert contains(SQUARE[None], points).tolist() == [True, False, False]
    outer = np.stack([SQUARE * 2 - 5, SQUARE + 3])
    assert contains_all(outer, SQUARE).tolist() == [True, False]
    assert concentric(SQUARE, np.stack([SQUARE + 4, SQUARE + 30])).tolist() == [True, False]


def test_areas():
    assert areas(np.stack([SQUARE, SQUARE * 2])).tolist() == [100.0, 400.0]
