import numpy as np
import pytest

from edge.detection.following.lag import LagMeter
from edge.frame import Detection


def test_the_lag_is_measured_while_a_card_moves():
    for lag in range(4):
        meter = LagMeter()
        places = [np.array([100.0 + 9 * k, 300.0]) for k in range(120)]
        for k, place in enumerate(places):
            quad = place + np.array([[0, 0], [120, 0], [120, 168], [0, 168]])
            seen = places[max(0, k - lag)]
            box = np.array([[seen[0] - 2, seen[1] + 1, seen[0] + 121, seen[1] + 167]])
            meter.add([Detection(quad=quad, confidence=0.9)], lambda box=box: box)
        assert meter.lag_frames == lag


def test_a_card_that_lies_still_says_nothing_of_the_lag():
    meter = LagMeter()
    quad = np.array([[0, 0], [120, 0], [120, 168], [0, 168.0]])
    for _ in range(200):
        meter.add([Detection(quad=quad, confidence=0.9)], lambda: pytest.fail("asked for boxes"))
    assert meter.lag_frames is None
