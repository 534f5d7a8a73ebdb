import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.detection.completion import completed

CARD = np.array([[200.0, 150.0], [326.0, 150.0], [326.0, 326.0], [200.0, 326.0]])


@pytest.fixture
def picture(rounded_card, table):
    return rounded_card(table(), CARD)


def cut(side, share):
    """The card's outline without a share of it at one side."""
    quad = CARD.copy()
    for corner, other in ((side, side - 1), (side - 3, side - 2)):
        quad[corner] += share * (quad[other] - quad[corner])
    return quad


def covered(picture, side, share):
    low, high = [(0, 0), (326, 0), (0, 326), (0, 0)][side], [(640, 150), (640, 480), (640, 480), (200, 480)][side]
    depth = share * (176 if side % 2 == 0 else 126)
    low, high = np.array(low, float), np.array(high, float)
    (high if side in (0, 3) else low)[1 if side % 2 == 0 else 0] += depth if side in (0, 3) else -depth
    cv2.rectangle(picture, tuple(np.int32(low)), tuple(np.int32(high)), (40, 60, 200), -1)
    return picture


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("share", [0.1, 0.2, 0.28])
def test_a_card_goes_on_beneath_what_covers_a_side(picture, side, share):
    assert np.abs(completed(covered(picture, side, share), cut(side, share)) - CARD).max() < 2


def test_a_crooked_covered_side_is_set_straight(picture):
    quad = cut(2, 0.15)
    quad[2] += (0, 12)
    assert np.abs(completed(covered(picture, 2, 0.2), quad) - CARD).max() < 2


@given(st.integers(0, 3), st.floats(0, 0.3))
def test_an_outline_with_alike_surroundings_stays(side, share):
    assert np.array_equal(completed(np.full((480, 640, 3), 90, np.uint8), cut(side, share)), cut(side, share))


def test_a_whole_card_beside_another_thing_stays(picture):
    picture = covered(picture, 1, 0.0)
    assert np.array_equal(completed(picture, CARD), CARD)


def test_a_tilted_card_beside_another_thing_stays(rounded_card, table):
    quad = np.array([[215.0, 180.0], [311.0, 180.0], [326.0, 306.0], [200.0, 306.0]])
    picture = rounded_card(table(), quad)
    picture[:178] = (40, 60, 200)
    assert np.array_equal(completed(picture, quad), quad)


def test_a_card_that_ends_at_the_edge_of_the_picture_stays(picture):
    end = 327
    assert np.array_equal(completed(np.ascontiguousarray(picture[:end]), CARD), CARD)
