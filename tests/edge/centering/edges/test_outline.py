import cv2
import numpy as np
import pytest

from edge.centering.edges.outline import corner_points, find_outline, rounded_corners
from edge.geometry import SIDES

PX_PER_MM = 14.0


def beside(quad, side_mm):
    """Ends of a line parallel to the left side, `side_mm` outside it and beyond both corners."""
    (right, down) = (quad[1] - quad[0]) / 63.0, (quad[3] - quad[0]) / 88.0
    return quad[0] - side_mm * right - 6 * down, quad[3] - side_mm * right + 6 * down


def distance_px(found, quad):
    return np.linalg.norm(found - quad, axis=1).max()


def test_the_outline_is_the_cards(clear_shot):
    rough = clear_shot.quad + np.random.default_rng(4).normal(0, 0.5 * PX_PER_MM, (4, 2))
    found = find_outline(clear_shot.image, rough, PX_PER_MM)
    assert distance_px(found.quad, clear_shot.quad) < 0.15 * PX_PER_MM
    assert found.rounded_corners == 4
    assert not found.edges_around


@pytest.mark.parametrize("side_mm", [1.2, 2.0])
def test_a_things_edge_beside_the_card_is_not_the_cards(clear_shot, side_mm):
    image = clear_shot.image.copy()
    first, last = beside(clear_shot.quad, side_mm)
    far = beside(clear_shot.quad, 9.0)
    corners = np.rint(np.array([first, last, far[1], far[0]]) * 16).astype(np.int32)
    cv2.fillConvexPoly(image, corners, (235, 240, 245), cv2.LINE_AA, 4)
    rough = clear_shot.quad - [[0.8 * PX_PER_MM, 0], [0, 0], [0, 0], [0.8 * PX_PER_MM, 0]]
    found = find_outline(image, rough, PX_PER_MM)
    assert distance_px(found.quad, clear_shot.quad) < 0.15 * PX_PER_MM


def test_square_corners_are_not_a_cards(clear_shot):
    assert rounded_corners(clear_shot.image, clear_shot.quad) == 4
    image = np.full_like(clear_shot.image, 90)
    cv2.fillConvexPoly(image, np.rint(clear_shot.quad * 16).astype(np.int32), (200, 210, 220), cv2.LINE_AA, 4)
    assert rounded_corners(image, clear_shot.quad) == 0


def test_corners_are_where_the_sides_cross():
    straight = dict.fromkeys(SIDES, (0.0, 0.0))
    assert corner_points(straight).tolist() == [[0, 0], [63, 0], [63, 88], [0, 88]]
    moved = corner_points({**straight, "left": (0.5, 0.0), "bottom": (-1.0, 0.0)})
    assert moved.tolist() == [[0.5, 0], [63, 0], [63, 89], [0.5, 89]]
