import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MeasurementError
from edge.geometry import (
    card_homography,
    card_quad,
    is_convex,
    quad_area,
    quad_iou,
    quad_overlap,
    rotated_half_turn,
    side_lengths,
    transform_points,
)

UPRIGHT = np.array([[10.0, 20.0], [73.0, 20.0], [73.0, 108.0], [10.0, 108.0]])


def rotated(quad: np.ndarray, degrees: float) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((200.0, 200.0), degrees, 1.0)
    return quad @ matrix[:, :2].T + matrix[:, 2]


@given(degrees=st.floats(0, 360), order=st.permutations(range(4)))
def test_card_quad_ignores_the_order_of_its_points(degrees: float, order: list[int]):
    quad = rotated(UPRIGHT, degrees)
    ordered = card_quad(quad[order])
    sides = side_lengths(ordered)
    assert quad_area(ordered) == pytest.approx(63 * 88)
    assert sides[0] == pytest.approx(63)
    assert sides[1] == pytest.approx(88)
    assert {tuple(p) for p in ordered} == {tuple(p) for p in quad}


def test_card_quad_of_an_upright_card_starts_at_its_top_left():
    np.testing.assert_array_equal(card_quad(UPRIGHT[::-1]), UPRIGHT)


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((4, 2)),
        np.array([[0, 0], [1, 0], [2, 0], [1, 1]], float),
        np.array([[0, 0], [10, 0], [2, 2], [0, 10]], float),
        np.array([[0, 0], [1, 0], [1, 1]], float),
        np.array([[0, 0], [1, 0], [1, np.nan], [0, 1]], float),
    ],
)
def test_degenerate_outlines_are_refused(points: np.ndarray):
    with pytest.raises(MeasurementError):
        card_quad(points)


def test_a_half_turn_keeps_the_outline_and_swaps_the_ends():
    turned = rotated_half_turn(UPRIGHT)
    assert is_convex(turned)
    np.testing.assert_array_equal(turned[0], UPRIGHT[2])
    np.testing.assert_array_equal(rotated_half_turn(turned), UPRIGHT)


@given(shift=st.floats(0, 62.9))
def test_iou_of_shifted_rectangles(shift: float):
    overlap = (63 - shift) * 88
    assert quad_iou(UPRIGHT, UPRIGHT + [shift, 0]) == pytest.approx(overlap / (2 * 63 * 88 - overlap), rel=1e-3)


def test_iou_of_distant_quads_is_zero():
    assert quad_iou(UPRIGHT, UPRIGHT + 500) == 0.0


def test_a_part_of_a_quad_overlaps_it_wholly():
    half = UPRIGHT.copy()
    half[2:, 1] = 64.0
    assert quad_overlap(half, UPRIGHT) == pytest.approx(1.0, abs=1e-3)
    assert quad_overlap(UPRIGHT, half + [0, 22]) == pytest.approx(1.0, abs=1e-3)
    assert quad_overlap(UPRIGHT, UPRIGHT + [63 / 4, 0]) == pytest.approx(0.75, abs=1e-3)
    assert quad_overlap(UPRIGHT, UPRIGHT + 500) == 0.0


@given(degrees=st.floats(0, 360))
def test_homography_takes_the_outline_to_the_rectangle(degrees: float):
    quad = rotated(UPRIGHT, degrees)
    corners = transform_points(card_homography(quad, 160, 224), quad)
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [159.5, -0.5], [159.5, 223.5], [-0.5, 223.5]], atol=0.01)


def test_homography_of_a_line_is_refused():
    with pytest.raises(MeasurementError):
        card_homography(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), 10, 10)
