import numpy as np
import pytest

from edge.centering.edges.aspect import aspect_doubts, possible_aspects

WIDTH, HEIGHT = 2000, 1500


def seen(width_mm, height_mm, tilt_deg, focal=1.1, turn_deg=20.0):
    """A rectangle before a camera with a focal length of `focal` times the picture's longer side, [4, 2] pixels."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width_mm / 2, height_mm / 2)
    tilt, turn = np.deg2rad([tilt_deg, turn_deg])
    flat = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    depth = 200 + flat[:, 1] * np.sin(tilt)
    points = np.stack([flat[:, 0], flat[:, 1] * np.cos(tilt)], axis=1) / depth[:, None]
    return points * focal * WIDTH + ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)


@pytest.mark.parametrize("tilt_deg", [0.0, 8.0, 25.0])
@pytest.mark.parametrize(("width_mm", "height_mm"), [(63.0, 88.0), (57.0, 88.0)])
def test_the_true_ratio_is_among_the_possible_ones(tilt_deg, width_mm, height_mm):
    low, high = possible_aspects(seen(width_mm, height_mm, tilt_deg), WIDTH, HEIGHT)
    true = (width_mm / height_mm) / (63 / 88)
    assert low - 0.003 <= true <= high + 0.003


def test_the_ratio_of_a_card_seen_straight_on_is_known_to_a_thousandth():
    low, high = possible_aspects(seen(63.0, 88.0, 0.0), WIDTH, HEIGHT)
    assert (low, high) == pytest.approx((1.0, 1.0), abs=1e-3)


def test_an_edge_that_is_a_millimetre_off_is_told():
    assert aspect_doubts(seen(63.0, 88.0, 3.0), WIDTH, HEIGHT, 0.015) is None
    assert "not a 63 x 88 mm card" in (aspect_doubts(seen(64.3, 88.0, 3.0), WIDTH, HEIGHT, 0.015) or "")
