import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.detection.shape import card_shape_error, grown_quad, lies_across

CARD = np.array([[-31.5, -44], [31.5, -44], [31.5, 44], [-31.5, 44]])
SIZE = (1000, 800)


def seen(flat: np.ndarray, tilt_deg: float, turn_deg: float, focal: float = 1000.0) -> np.ndarray:
    """Image of a flat shape [N, 2] in mm, turned, tilted about x and 250 mm before a pinhole camera."""
    turn, tilt = np.radians(turn_deg), np.radians(tilt_deg)
    x, y = (flat @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])).T
    depth = 250 + y * np.sin(tilt)
    return focal * np.column_stack([x, y * np.cos(tilt)]) / depth[:, None] + (np.array(SIZE) - 1) / 2


@given(st.floats(0, 45), st.floats(0, 360), st.integers(0, 3))
def test_a_card_in_perspective_has_no_error(tilt, turn, start):
    quad = np.roll(seen(CARD, tilt, turn), start, axis=0)
    assert card_shape_error(quad[None], SIZE)[0] < 0.02


@pytest.mark.parametrize("stretch", [(1.4, 1.0), (1.0, 1.4)])
def test_other_rectangles_have_one(stretch):
    assert card_shape_error(seen(CARD * stretch, 0, 20)[None], SIZE)[0] > 0.2


def test_a_skewed_card_has_one():
    assert card_shape_error((CARD @ np.array([[1.0, 0.0], [0.3, 1.0]]) * 4 + 500)[None], SIZE)[0] > 0.2


def test_a_slightly_bent_card_is_still_one():
    quad = seen(CARD, 0, 5)
    quad[1] += (4.0, -3.0)
    assert card_shape_error(quad[None], SIZE)[0] < 0.08


@given(st.floats(0, 45), st.sampled_from([0.0, 90.0, 10.0, 100.0]), st.booleans())
def test_which_side_is_the_long_one_does_not_depend_on_the_tilt(tilt, turn, across):
    quad = seen(CARD, tilt, turn)
    assert lies_across((np.roll(quad, 1, axis=0) if across else quad)[None], SIZE)[0] == across


@given(st.floats(-5, 8), st.floats(0, 45))
def test_growing_a_card_sets_it_in_by_as_much(border, tilt):
    quad = seen(CARD, tilt, 10)
    wanted = seen(CARD + border * np.sign(CARD), tilt, 10)
    assert grown_quad(quad, border) == pytest.approx(wanted, abs=1e-6)
