import cv2
import numpy as np
import pytest

from edge.detection.acceptance import typical_roundness
from edge.detection.corners import corner_roundness
from edge.detection.polarity import quad_polarity

QUAD = np.array([[150.0, 60], [402, 60], [402, 412], [150, 412]])


def test_rounded_corners_are_round(table, rounded_card):
    assert (corner_roundness(rounded_card(table(), QUAD), QUAD[None]) > 0.8).all()


def test_sharp_corners_are_not(table):
    picture = table()
    cv2.rectangle(picture, (150, 60), (402, 412), (220, 220, 220), -1)
    assert (corner_roundness(picture, QUAD[None]) < 0.2).all()


def test_on_a_plain_surface_it_is_unknown():
    assert np.isnan(corner_roundness(np.full((480, 640, 3), 90, np.uint8), QUAD[None])).all()


def test_one_hidden_corner_does_not_count():
    assert typical_roundness(np.array([[-0.5, 1.0, 0.9, 1.1]]))[0] == pytest.approx(0.95)
    assert typical_roundness(np.full((1, 4), np.nan))[0] == 0.5


def test_polarity_tells_a_card_from_a_card_and_the_gap_beside_it(table, rounded_card):
    picture = rounded_card(rounded_card(table(), QUAD - (120, 0)), QUAD + (160, 0))
    gap = QUAD - (120, 0) + np.array([[0, 0], [28, 0], [28, 0], [0, 0]])
    one, both = quad_polarity(picture, np.stack([QUAD - (120, 0), gap]))
    assert one > 0.95
    assert both < 0
