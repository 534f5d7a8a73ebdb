"""Card-shaped quads from straight segments.

Two segments that end where they meet (but for the gap that a rounded or hidden corner leaves) make a corner; a segment
with a corner at either end makes a U; two Us that open towards each other share their legs and make a quad.
"""

import numpy as np
from numpy.typing import NDArray

from edge.detection.segments import Segments, segment_lengths
from edge.detection.shape import card_shape_error

MIN_CORNER_SINE = 0.7
MAX_GAP = 1.0
MAX_OVERRUN = 0.12
ROUNDING_GAP_PX = 8.0
MIN_COVERAGE = 0.35
MIN_MEAN_COVERAGE = 0.6
MAX_PAIRS = 1_000_000


def propose_quads(
    segments: Segments, size: tuple[int, int], min_side_px: float, max_shape_error: float
) -> NDArray[np.float64]:
    """Quads [M, 4, 2], clockwise, that segments outline and a card could explain.

    Args:
        segments: [N, 2, 2] end points in pixels.
        size: width and height of the image in pixels.
        min_side_px: of the quad's shortest side.
        max_shape_error: of `card_shape_error`.
    """
    if len(segments) < 4:
        return np.zeros((0, 4, 2))
    points, along, meets = _corners(segments)
    base, left, right = _us(segments, along, meets, min_side_px)
    first, second = _pairs(np.minimum(left, right) * len(segments) + np.maximum(left, right))
    top, bottom, left, right = base[first], base[second], left[first], right[first]
    once = np.minimum(top, bottom) < np.minimum(left, right)
    top, bottom, left, right = top[once], bottom[once], left[once], right[once]
    lengths = segment_lengths(segments)
    covered = [
        _coverage(along[side, one], along[side, other], lengths[side])
        for side, one, other in ((top, left, right), (bottom, left, right), (left, top, bottom), (right, top, bottom))
    ]
    seen = (np.min(covered, axis=0) > MIN_COVERAGE) & (np.mean(covered, axis=0) > MIN_MEAN_COVERAGE)
    top, bottom, left, right = top[seen], bottom[seen], left[seen], right[seen]
    corners = [points[top, left], points[top, right], points[bottom, right], points[bottom, left]]
    quads = _clockwise(np.stack(corners, axis=1), min_side_px)
    return quads[card_shape_error(quads, size) < max_shape_error] if len(quads) else quads


def _corners(segments: Segments) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Of every pair: where their lines meet [N, N, 2], how far along the first [N, N], whether that is a corner."""
    lengths = segment_lengths(segments)
    direction = (segments[:, 1] - segments[:, 0]) / lengths[:, None]
    start = segments[:, 0]
    sine = direction[:, None, 0] * direction[None, :, 1] - direction[:, None, 1] * direction[None, :, 0]
    between = start[None, :] - start[:, None]
    safe = np.where(np.abs(sine) < 1e-6, 1e-6, sine)
    along = (between[..., 0] * direction[None, :, 1] - between[..., 1] * direction[None, :, 0]) / safe
    gap = np.maximum(-along, along - lengths[:, None])
    near = gap < np.maximum(MAX_GAP * lengths, ROUNDING_GAP_PX)[:, None]
    near &= -gap < np.maximum(MAX_OVERRUN * lengths, ROUNDING_GAP_PX)[:, None]
    points = start[:, None] + along[..., None] * direction[:, None]
    return points, along, near & near.T & (np.abs(sine) > MIN_CORNER_SINE)


def _us(
    segments: Segments, along: NDArray[np.float64], meets: NDArray[np.bool_], min_side_px: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Base, left leg and right leg of every U, as segment numbers; the base covers enough of the side."""
    base, leg = np.nonzero(meets)
    first, second = _pairs(base)
    swap = along[base[first], leg[first]] > along[base[second], leg[second]]
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    owner, left, right = base[first], leg[first], leg[second]
    start, end = along[owner, left], along[owner, right]
    covered = _coverage(start, end, segment_lengths(segments)[owner])
    keep = (end - start > min_side_px) & (covered > MIN_COVERAGE)
    return owner[keep], left[keep], right[keep]


def _coverage(
    start: NDArray[np.float64], end: NDArray[np.float64], lengths: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the stretch between two positions along segments that lies on the segments, [N]."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    share: NDArray[np.float64] = (np.minimum(high, lengths) - np.maximum(low, 0.0)) / np.maximum(high - low, 1e-9)
    return share


def _pairs(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of all pairs of entries with equal keys; beyond `MAX_PAIRS` the largest groups are left out."""
    order = np.argsort(keys, kind="stable")
    _, counts = np.unique(keys, return_counts=True)
    by_size = np.argsort(counts, kind="stable")
    affordable = np.zeros(len(counts), dtype=bool)
    affordable[by_size[np.cumsum(counts[by_size] ** 2) <= 2 * MAX_PAIRS]] = True
    position = np.arange(len(keys))
    group_end = np.repeat(np.cumsum(counts), counts)
    following = np.where(np.repeat(affordable, counts), group_end - position - 1, 0)
    first = np.repeat(position, following)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(following) - following, following)
    return order[first], order[second]


def _clockwise(quads: NDArray[np.float64], min_side_px: float) -> NDArray[np.float64]:
    """The convex quads with long enough sides, turned clockwise."""
    edges = quads[:, [1, 2, 3, 0]] - quads
    following = edges[:, [1, 2, 3, 0]]
    turns = edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0]
    sides = np.linalg.norm(edges, axis=2).min(axis=1)
    convex = (np.all(turns > 0, axis=1) | np.all(turns < 0, axis=1)) & (sides > min_side_px)
    quads, turns = quads[convex], turns[convex]
    reverse = turns[:, 0] < 0
    quads[reverse] = quads[reverse, ::-1]
    return quads
