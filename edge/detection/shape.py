"""Whether a quad can be a card: the image of a 63 x 88 mm rectangle under a plausible pinhole camera."""

import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_ASPECT, CARD_HEIGHT_MM, CARD_WIDTH_MM, Quad, card_quad, side_lengths

# geometry: playing cards of bridge size are 57 x 88 mm.
BRIDGE_ASPECT = 57.0 / 88.0
# chosen: what the logarithm of the aspect has to be nearer, so that a card is taken for one of bridge size.
BRIDGE_PENALTY = 0.03
# physics: in longer sides of the frame: 0.7 is the main camera of telephones (71 degrees), 2.5 a tele lens (23 degrees)
# and 20 a scan.
FOCAL_LENGTHS = (0.7, 1.0, 1.5, 2.5, 20.0)
# chosen: the steepest tilt of a card, at which it looks half as long.
MAX_TILT_DEG = 58.0
# chosen: the steepest without its far side being visibly shorter.
MAX_UNSEEN_TILT_DEG = 30.0
# chosen: by this share the far side is visibly shorter.
VISIBLE_CONVERGENCE = 0.05
# chosen: how many times the angle between the sides counts as much as their aspect: it is right in every card.
ANGLE_WEIGHT = 1.5
# chosen: what a bend costs, and the most that is one, in the shortest side: of 0.6 mm in 63, a card that is not flat.
BEND_WEIGHT = 3.0
MAX_BEND = 0.015


def card_shape_error(quads: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float64]:
    """How far quads are from the perspective image of a card.

    For each assumed focal length (principal point in the middle of the frame, square pixels) the homography of the
    quad gives the two side directions of the rectangle in space: with H = K [a u, b v, t], their length ratio is the
    rectangle's aspect and the cosine between them must be 0 (Zhang and He, "Whiteboard scanning and image
    enhancement", 2007).

    Args:
        quads: [N, 4, 2] convex quads in pixels, consistently ordered, starting at any side.
        size: width and height of the frame in pixels.

    Returns:
        [N] the smallest hypot(log(aspect / card aspect), `ANGLE_WEIGHT` cos(angle)) over the focal lengths (the angle
        counts more); cards of bridge size, 57 x 88 mm, come second. It is infinity where the card would be tilted by
        more than `MAX_TILT_DEG`, or by more than `MAX_UNSEEN_TILT_DEG` without its far side being visibly shorter,
        which would make a card of every square. A quad that is nearly a parallelogram may be one that a bent card, or a
        picture that was cropped or straightened, has made uneven: it is also taken as that parallelogram, at the price
        of `BEND_WEIGHT` times how far its corners are off it, in its shortest sides.
    """
    points = np.asarray(quads, dtype=np.float64) - (np.asarray(size, dtype=np.float64) - 1) / 2
    focal_px = max(size) * np.array(FOCAL_LENGTHS)
    skew = (points[:, 0] - points[:, 1] + points[:, 2] - points[:, 3]) / 4
    edges = points[:, [1, 2, 3, 0]] - points
    bend = np.linalg.norm(skew, axis=1) / np.maximum(np.linalg.norm(edges, axis=2).min(axis=1), 1e-9)
    flattened = points - skew[:, None] * np.array([1, -1, 1, -1])[:, None]
    flat_error = _errors(flattened, focal_px).min(axis=0) + BEND_WEIGHT * bend
    error: NDArray[np.float64] = np.minimum(
        _errors(points, focal_px).min(axis=0), np.where(bend < MAX_BEND, flat_error, np.inf)
    )
    return error


def lies_across(quads: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Whether the first side of quads [N, 4, 2] is a long side of the card, as the most fitting focal length has it."""
    points = np.asarray(quads, dtype=np.float64) - (np.asarray(size, dtype=np.float64) - 1) / 2
    focal_px = max(size) * np.array(FOCAL_LENGTHS)
    best = focal_px[_errors(points, focal_px).argmin(axis=0)]
    u, v, _ = np.moveaxis(unit_square_homographies(points), 2, 0)
    scale = np.stack([1 / best, 1 / best, np.ones_like(best)], axis=1)
    return np.asarray(np.linalg.norm(u * scale, axis=1) > np.linalg.norm(v * scale, axis=1))


def card_order(corners: NDArray[np.floating], size: tuple[int, int]) -> Quad:
    """A card's corners in the order of a card quad, where a tilt may make its short sides look the longer ones.

    Args:
        corners: [4, 2] pixels, in any order.
        size: width and height of the frame in pixels.

    Raises:
        MeasurementError: if the corners are not those of a convex quad.
    """
    quad = card_quad(corners)
    if lies_across(quad[None], size)[0]:
        quad = np.roll(quad, -1 if quad[1, 1] + quad[2, 1] < quad[3, 1] + quad[0, 1] else 1, axis=0)
    return quad


def _errors(points: NDArray[np.float64], focal_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """The error [F, N] for each focal length, of quads with the principal point at the origin."""
    columns = unit_square_homographies(points)
    extent = np.linalg.norm(points[:, 2] - points[:, 0], axis=1)
    return np.stack([_error(columns[:, :, 0], columns[:, :, 1], extent, float(focal)) for focal in focal_px])


def unit_square_homographies(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Homographies [N, 3, 3] from the unit square, (0, 0) (1, 0) (1, 1) (0, 1), to quads [N, 4, 2] (Heckbert 1989)."""
    p0, p1, p2, p3 = (quads[:, k] for k in range(4))
    d1, d2, total = p1 - p2, p3 - p2, p0 - p1 + p2 - p3
    denominator = _cross(d1, d2)
    denominator = np.where(np.abs(denominator) < 1e-9, 1e-9, denominator)
    g = (_cross(total, d2) / denominator)[:, None]
    h = (_cross(d1, total) / denominator)[:, None]
    one = np.ones_like(g)
    return np.stack([np.hstack([p1 - p0 + g * p1, g]), np.hstack([p3 - p0 + h * p3, h]), np.hstack([p0, one])], axis=2)


def grown_quad(quad: Quad, border_mm: float) -> Quad:
    """A card quad with a border added all round (or, where negative, taken off), on the card's own plane."""
    sides = side_lengths(quad)
    portrait = sides[0] + sides[2] <= sides[1] + sides[3]
    border = border_mm / np.array((CARD_WIDTH_MM, CARD_HEIGHT_MM) if portrait else (CARD_HEIGHT_MM, CARD_WIDTH_MM))
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    corners = square + border * (2 * square - 1)
    grown = np.column_stack([corners, np.ones(4)]) @ unit_square_homographies(quad[None])[0].T
    return np.asarray(grown[:, :2] / grown[:, 2:], dtype=np.float64)


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product


def _error(
    first: NDArray[np.float64], second: NDArray[np.float64], extent_px: NDArray[np.float64], focal_px: float
) -> NDArray[np.float64]:
    scale = np.array([1 / focal_px, 1 / focal_px, 1.0])
    u, v = first * scale, second * scale
    u_length, v_length = (np.maximum(np.sqrt(np.einsum("nc,nc->n", w, w)), 1e-12) for w in (u, v))
    aspect = -np.abs(np.log(u_length / v_length))
    off_bridge = np.abs(aspect - np.log(BRIDGE_ASPECT)) + BRIDGE_PENALTY
    off_aspect = np.minimum(np.abs(aspect - np.log(CARD_ASPECT)), off_bridge)
    cosine = np.einsum("nc,nc->n", u, v) / (u_length * v_length)
    upright = np.abs(_cross(u, v)) / np.maximum(u_length * v_length * np.sqrt(np.maximum(1 - cosine**2, 0)), 1e-12)
    error = np.hypot(off_aspect, ANGLE_WEIGHT * cosine)
    unseen = extent_px / focal_px * np.sqrt(np.maximum(1 - upright**2, 0)) < VISIBLE_CONVERGENCE
    limit = np.where(unseen, np.cos(np.radians(MAX_UNSEEN_TILT_DEG)), np.cos(np.radians(MAX_TILT_DEG)))
    return np.where(upright >= limit, error, np.inf)
