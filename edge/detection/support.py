"""How much of a proposed outline lies on edges, for many quads at once at the working resolution."""

import numpy as np
from numpy.typing import NDArray

from edge.detection.edges import UNIT, EdgeField

SAMPLES = 16
FIRST, LAST = 0.08, 0.92
OFFSETS_PX = (-2.0, -1.0, 0.0, 1.0, 2.0)
MIN_STRENGTH = 0.7
MIN_ALIGNMENT = np.cos(np.radians(22.0))


def outline_support(field: EdgeField, quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each side that lies on an edge running along it.

    Args:
        field: edges of the working image.
        quads: [N, 4, 2] in pixels of the working image.

    Returns:
        [N, 4], 0 to 1. A sample counts when, at most two pixels off the side, the gradient is above most of its
        surroundings and within 22 degrees of the side's normal; the rounded corners are left out.
    """
    points, normals = _samples(quads)
    aligned = np.zeros(points.shape[:-1], dtype=bool)
    for offset in OFFSETS_PX:
        aligned |= _aligned(field, points + np.float32(offset) * normals, normals)
    support: NDArray[np.float64] = aligned.mean(axis=2)
    return support


def _samples(quads: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points [N, 4, S, 2] along the sides and the unit normals [N, 4, 1, 2] of the sides."""
    start = quads.astype(np.float32)[:, :, None]
    edge = start[:, [1, 2, 3, 0]] - start
    at = np.linspace(FIRST, LAST, SAMPLES, dtype=np.float32)[:, None]
    normal = np.stack([-edge[..., 1], edge[..., 0]], axis=-1)
    return start + at * edge, normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), np.float32(1e-6))


def _aligned(field: EdgeField, points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.bool_]:
    width, height = field.size
    column = np.rint(points[..., 0]).astype(np.intp)
    row = np.rint(points[..., 1]).astype(np.intp)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    gradient = field.gradient[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)].astype(np.float32)
    across = np.abs(gradient[..., 0] * normals[..., 0] + gradient[..., 1] * normals[..., 1])
    length = np.hypot(gradient[..., 0], gradient[..., 1])
    return inside & (across > MIN_STRENGTH * UNIT) & (across > np.float32(MIN_ALIGNMENT) * length)
