import math

import numpy as np
import pytest

from edge.geometry import rotated_half_turn
from training.evaluation.metrics import Proportion, assign, corner_error, percentiles, proportion

CARD = np.array([[0.0, 0], [100, 0], [100, 140], [0, 140]])


def test_wilson_interval_of_a_published_example():
    low, high = Proportion(hits=81, count=263).interval
    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))


def test_nothing_counted_says_nothing():
    empty = proportion([])
    assert math.isnan(empty.value)
    assert empty.interval == (0.0, 1.0)


def test_corner_error_is_a_fraction_of_the_width_whichever_way_up():
    moved = CARD + [0.0, 3.0]
    assert corner_error(moved, CARD) == pytest.approx(0.03)
    assert corner_error(rotated_half_turn(moved), CARD) == pytest.approx(0.03)


def test_each_detection_serves_one_truth():
    truths = [CARD, CARD + 200.0]
    quads = [CARD + 1.0, CARD + 2.0, CARD + 203.0, CARD + 1000.0]
    assert assign(quads, truths) == {0: 0, 1: 2}
    assert assign([CARD + 60.0], truths) == {}


def test_percentiles():
    assert percentiles([1.0, 2.0, 3.0], 50) == [2.0]
    assert math.isnan(percentiles([], 50)[0])
