"""How quads lie to one another."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import quad_area


def overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Intersection area over the smaller area of two clockwise quads [4, 2], 0 to 1."""
    if np.any(first.max(axis=0) < second.min(axis=0)) or np.any(second.max(axis=0) < first.min(axis=0)):
        return 0.0
    intersection, _ = cv2.intersectConvexConvex(first.astype(np.float32), second.astype(np.float32))
    return float(intersection / max(min(quad_area(first), quad_area(second)), 1e-9))


def concentric(quad: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of `others` [N, 4, 2] have their centre in `quad` [4, 2] or its centre in them, [N]."""
    return contains(quad[None], others.mean(axis=1)) | contains(others, quad.mean(axis=0)[None])


def contains(quads: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether clockwise quads [N, 4, 2] contain points [N, 2]; either may have one row for all."""
    edges = quads[:, [1, 2, 3, 0]] - quads
    towards = points[:, None] - quads
    inside: NDArray[np.bool_] = np.all(edges[..., 0] * towards[..., 1] > edges[..., 1] * towards[..., 0], axis=1)
    return inside


def contains_all(quads: NDArray[np.float64], inner: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of clockwise `quads` [N, 4, 2] contain every corner of `inner` [4, 2], [N]."""
    edges = quads[:, [1, 2, 3, 0]] - quads
    towards = inner[:, None] - quads[:, None]
    inside: NDArray[np.bool_] = edges[:, None, :, 0] * towards[..., 1] > edges[:, None, :, 1] * towards[..., 0]
    return np.asarray(inside.all(axis=(1, 2)))


def areas(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas [N] of clockwise quads [N, 4, 2]."""
    first, second = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    area: NDArray[np.float64] = 0.5 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return area
