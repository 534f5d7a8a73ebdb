"""Straight segments of an edge map."""

import cv2
import numpy as np
from numpy.typing import NDArray

Segments = NDArray[np.float64]

STRAIGHTNESS_PX = 1.5
SAME_LINE_PX = 2.0
JOIN_PX = 3.0
NEAR_LINE_PX = 9.0
MAX_JOIN_GAP = 0.3
JOIN_ROUNDS = 3


def line_segments(edges: NDArray[np.uint8], min_length_px: float, limit: int) -> Segments:
    """Split thin edges into straight segments.

    Args:
        edges: uint8 [H, W], non-zero on thin edges.
        min_length_px: shorter segments are left out.
        limit: how many of the longest are kept.

    Returns:
        [N, 2, 2] end points in pixels, longest first.
    """
    contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    chains = [_polyline(np.asarray(contour, dtype=np.int32)) for contour in contours if len(contour) >= min_length_px]
    if not chains:
        return np.zeros((0, 2, 2))
    segments = _longest(np.concatenate(chains), min_length_px, limit)
    return without_duplicates(segments)


def joined_segments(segments: Segments, limit: int) -> Segments:
    """Segments with the gaps and bends bridged that dice, glare and bowed sides leave between pieces of one line.

    Args:
        segments: [N, 2, 2] end points in pixels, longest first.
        limit: how many of the longest are kept.

    Returns:
        [M, 2, 2], longest first: the pieces and the bridges.
    """
    pieces = segments
    for _ in range(JOIN_ROUNDS):
        bridges = _bridges(segments)
        if len(bridges) == 0:
            break
        segments = without_duplicates(_longest(np.concatenate([segments, bridges]), 0.0, 2 * limit))
    return _longest(np.unique(np.concatenate([pieces, segments]), axis=0), 0.0, limit)


def _polyline(contour: NDArray[np.int32]) -> Segments:
    vertices = cv2.approxPolyDP(contour, STRAIGHTNESS_PX, closed=True)[:, 0].astype(np.float64)
    return np.stack([vertices, np.roll(vertices, -1, axis=0)], axis=1)


def _longest(segments: Segments, min_length_px: float, limit: int) -> Segments:
    lengths = segment_lengths(segments)
    order = np.argsort(-lengths, kind="stable")[:limit]
    return segments[order[lengths[order] >= min_length_px]]


def segment_lengths(segments: Segments) -> NDArray[np.float64]:
    """Lengths [N] in pixels."""
    lengths: NDArray[np.float64] = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    return lengths


def without_duplicates(segments: Segments) -> Segments:
    """Drop segments that lie on a longer one (thin edges are traced on both sides); they come longest first."""
    lengths, (start, end), across = _relations(segments)
    low, high = np.minimum(start, end), np.maximum(start, end)
    covered = (across < SAME_LINE_PX) & (low > -SAME_LINE_PX) & (high < lengths[:, None] + SAME_LINE_PX)
    return segments[~np.triu(covered, k=1).any(axis=0)]


def _bridges(segments: Segments) -> Segments:
    """Segments [M, 2, 2] that bridge two on one line whose gap is short for their lengths (a bow, a die, glare)."""
    lengths, (start, end), across = _relations(segments)
    low, high = np.minimum(start, end), np.maximum(start, end)
    gap = np.maximum(low - lengths[:, None], -high)
    bridged = (across < NEAR_LINE_PX) & (gap > -JOIN_PX) & (gap < MAX_JOIN_GAP * (lengths[:, None] + lengths))
    first, second = np.nonzero(np.triu(bridged, k=1))
    ends = np.concatenate([segments[first], segments[second]], axis=1)
    along = np.einsum("nkc,nc->nk", ends, segments[first, 1] - segments[first, 0])
    rows = np.arange(len(first))
    bridges = np.stack([ends[rows, along.argmin(axis=1)], ends[rows, along.argmax(axis=1)]], axis=1)
    step = (bridges[:, 1] - bridges[:, 0]) / np.maximum(segment_lengths(bridges), 1e-9)[:, None]
    from_start = ends - bridges[:, :1]
    off_line = np.abs(from_start[..., 0] * step[:, None, 1] - from_start[..., 1] * step[:, None, 0]).max(axis=1)
    return np.asarray(bridges[off_line < JOIN_PX], dtype=np.float64)


def _relations(
    segments: Segments,
) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]:
    """Lengths [N]; of every segment's ends, along [N, N] and the larger distance across [N, N] every other one."""
    lengths = np.maximum(segment_lengths(segments), 1e-9).astype(np.float32)
    points = segments.astype(np.float32)
    along = (points[:, 1] - points[:, 0]) / lengths[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    origin, level = np.sum(along * points[:, 0], axis=1)[:, None], np.sum(across * points[:, 0], axis=1)[:, None]
    start, end = (along @ points[:, k].T - origin for k in (0, 1))
    apart = np.maximum(*(np.abs(across @ points[:, k].T - level) for k in (0, 1)))
    return lengths, (start, end), apart
