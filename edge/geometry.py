"""Plane geometry of cards: quadrilaterals, homographies, overlap and what follows from it.

Coordinates are pixels with x to the right, y down and pixel centres at integers (OpenCV's convention). A quad is a
float64 array [4, 2], clockwise as seen in the image. A *card quad* starts so that its first side (0 to 1) is a short
side: the card's own top or bottom, which only recognition can tell apart. A box is a float64 array [4]: left, top,
right, bottom.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MeasurementError

Quad = NDArray[np.float64]
Box = NDArray[np.float64]
Image = NDArray[np.uint8]
Side = Literal["left", "right", "top", "bottom"]

SIDES: tuple[Side, ...] = ("left", "right", "top", "bottom")
CARD_WIDTH_MM = 63.0
CARD_HEIGHT_MM = 88.0
CARD_ASPECT = CARD_WIDTH_MM / CARD_HEIGHT_MM
CORNER_RADIUS_MM = 3.0
# geometry: pictures with a shorter side show no card: the outline network knows cards of 30 pixels and more.
MIN_PICTURE_PX = 24
# geometry: two cards of one size, of which one covers c of the other, overlap by c / (2 - c): at 0.3 nearly half.
SAME_CARD_IOU = 0.3
# geometry: a card that lies a distance d beside where it lay, of its width, overlaps by (1 - d) / (1 + d): 11 mm, where
# two cards cannot lie at once; and 3 mm, as far as a hand over a card pushes it.
SAME_PLACE_IOU = 0.7
MOVED_IOU = 0.9
# chosen: of two outlines of one place, more than this share of the smaller lies in the other.
PART = 0.6
# geometry: which corner comes next; np.roll takes ten times as long.
_NEXT = [1, 2, 3, 0]


def card_quad(points: NDArray[np.floating]) -> Quad:
    """Order four points clockwise, starting with a short side.

    Args:
        points: [4, 2] pixels, in any order.

    Returns:
        A card quad; of its two short sides, the one nearer the top of the image (then the left) comes first.

    Raises:
        MeasurementError: if the points do not span a strictly convex quadrilateral.
    """
    corners: Quad = np.asarray(points, dtype=np.float64)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise MeasurementError(f"four finite points are needed for a card outline, got shape {corners.shape}")
    centred = corners - corners.mean(axis=0)
    quad = corners[np.argsort(np.arctan2(centred[:, 1], centred[:, 0]))]
    if not is_convex(quad):
        raise MeasurementError("the four points do not form a convex card outline")
    sides = side_lengths(quad)
    start = 0 if sides[0] + sides[2] <= sides[1] + sides[3] else 1
    candidates = [np.roll(quad, -start, axis=0), np.roll(quad, -start - 2, axis=0)]
    return min(candidates, key=lambda q: (round(float(q[0, 1] + q[1, 1]), 6), float(q[0, 0] + q[1, 0])))


def rotated_half_turn(quad: Quad) -> Quad:
    """The same outline, starting at the opposite corner (the card seen the other way up)."""
    return np.roll(quad, -2, axis=0)


def is_convex(quad: Quad) -> bool:
    """Whether the corners turn strictly clockwise all the way round."""
    edges = quad[_NEXT] - quad
    following = edges[_NEXT]
    return bool(np.all(edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0] > 1e-9))


def side_lengths(quad: Quad) -> NDArray[np.float64]:
    """Lengths [4] of the sides 0-1, 1-2, 2-3, 3-0, in pixels."""
    lengths: NDArray[np.float64] = np.linalg.norm(quad[_NEXT] - quad, axis=1)
    return lengths


def quad_area(quad: Quad) -> float:
    """Area of a quad in square pixels (shoelace formula), positive when clockwise in the image."""
    x, y = quad[:, 0], quad[:, 1]
    return float(0.5 * np.sum(x * y[_NEXT] - x[_NEXT] * y))


def quad_iou(first: Quad, second: Quad) -> float:
    """Intersection over union of two convex quads, 0 to 1."""
    intersection = _intersection_area(first, second)
    union = abs(quad_area(first)) + abs(quad_area(second)) - intersection
    return intersection / union if union > 0 else 0.0


def quad_intersection_over_smaller(first: Quad, second: Quad) -> float:
    """The share of the smaller of two convex quads that lies in the other, 0 to 1."""
    smaller = min(abs(quad_area(first)), abs(quad_area(second)))
    return _intersection_area(first, second) / smaller if smaller > 0 else 0.0


def of_one_place(first: Quad, second: Quad) -> bool:
    """Whether one of two quads is a part of the other, or both are outlines of one thing."""
    return quad_intersection_over_smaller(first, second) > PART


def _intersection_area(first: Quad, second: Quad) -> float:
    if np.any(first.max(axis=0) < second.min(axis=0)) or np.any(second.max(axis=0) < first.min(axis=0)):
        return 0.0
    return float(cv2.intersectConvexConvex(first.astype(np.float32), second.astype(np.float32))[0])


def bounding_box(quad: Quad) -> Box:
    """The smallest upright box around a quad."""
    return np.concatenate([quad.min(axis=0), quad.max(axis=0)])


def box_area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas [...] of boxes [..., 4]."""
    return np.asarray(np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1))


def box_intersection(box: Box, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas [N] that a box has in common with others [N, 4]."""
    sides = np.clip(np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2]), 0, None)
    return np.asarray(np.prod(sides, axis=1))


def box_iou(box: Box, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union [N] of a box with others [N, 4]."""
    intersection = box_intersection(box, others)
    return np.asarray(intersection / np.maximum(box_area(box) + box_area(others) - intersection, 1e-12))


def non_maximum_suppression(
    shapes: NDArray[np.float64], max_overlap: float, overlap: Callable[[Box, NDArray[np.float64]], NDArray[np.float64]]
) -> list[int]:
    """Which of some boxes or quads to keep: each but those that overlap a better one that is kept (greedy).

    Args:
        shapes: [N, ...], best first.
        max_overlap: of two that are kept.
        overlap: of one with others, [N] from 0 to 1.

    Returns:
        Their indices, best first.
    """
    kept: list[int] = []
    free = np.arange(len(shapes))
    while len(free):
        best, free = free[0], free[1:]
        kept.append(int(best))
        free = free[overlap(shapes[best], shapes[free]) <= max_overlap]
    return kept


def distinct_quads(
    quads: Sequence[Quad], max_overlap: float, overlap: Callable[[Quad, Quad], float] = quad_iou
) -> list[int]:
    """The indices of the quads, best first, that non-maximum suppression keeps; `overlap` is of two of them."""

    def overlaps(best: Quad, others: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros(len(others))
        boxes = np.concatenate([others.min(axis=1), others.max(axis=1)], axis=1)
        for k in np.flatnonzero(box_intersection(bounding_box(best), boxes)):
            found[k] = overlap(others[k], best)
        return found

    return non_maximum_suppression(np.array(quads, dtype=np.float64).reshape(-1, 4, 2), max_overlap, overlaps)


def card_homography(quad: Quad, width: int, height: int) -> NDArray[np.float64]:
    """Homography [3, 3] that takes a card quad in the frame to a `width` x `height` pixel rectangle.

    The card's outline lands on the rectangle's outer boundary, (-0.5, -0.5) to (width - 0.5, height - 0.5).

    Raises:
        MeasurementError: if the quad is degenerate.
    """
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
        raise MeasurementError("the card outline is degenerate: three of its corners lie on one line")
    return np.asarray(matrix, dtype=np.float64)


def transform_points(matrix: NDArray[np.float64], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Apply a homography [3, 3] to points [N, 2]."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:], dtype=np.float64)
