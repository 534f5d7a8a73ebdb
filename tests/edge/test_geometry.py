import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MeasurementError
from edge.geometry import (
    bounding_box,
    box_iou,
    card_homography,
    card_quad,
    distinct_quads,
    is_convex,
    non_maximum_suppression,
    quad_area,
    quad_intersection_over_smaller,
    quad_iou,
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
    assert quad_intersection_over_smaller(half, UPRIGHT) == pytest.approx(1.0, abs=1e-3)
    assert quad_intersection_over_smaller(UPRIGHT, half + [0, 22]) == pytest.approx(1.0, abs=1e-3)
    assert quad_intersection_over_smaller(UPRIGHT, UPRIGHT + [63 / 4, 0]) == pytest.approx(0.75, abs=1e-3)
    assert quad_intersection_over_smaller(UPRIGHT, UPRIGHT + 500) == 0.0


def test_overlap_of_boxes_is_intersection_over_union():
    others = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6.0]])
    np.testing.assert_allclose(box_iou(np.array([0, 0, 2, 2.0]), others), [1, 1 / 7, 0])


def test_what_overlaps_a_better_one_that_is_kept_is_suppressed():
    """The third overlaps only the second, which the first has suppressed."""
    quads = [UPRIGHT, UPRIGHT + [25, 0], UPRIGHT + [50, 0], UPRIGHT + [500, 0]]
    assert distinct_quads(quads, 0.3) == [0, 2, 3]
    assert non_maximum_suppression(np.array([bounding_box(quad) for quad in quads]), 0.3, box_iou) == [0, 2, 3]
    assert distinct_quads([UPRIGHT, UPRIGHT * [1, 0.5] + [0, 10]], 0.6, quad_intersection_over_smaller) == [0]
    assert distinct_quads([], 0.3) == []


@given(degrees=st.floats(0, 360))
def test_homography_takes_the_outline_to_the_rectangle(degrees: float):
    quad = rotated(UPRIGHT, degrees)
    corners = transform_points(card_homography(quad, 160, 224), quad)
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [159.5, -0.5], [159.5, 223.5], [-0.5, 223.5]], atol=0.01)


def test_homography_of_a_line_is_refused():
    with pytest.raises(MeasurementError):
        card_homography(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), 10, 10)
