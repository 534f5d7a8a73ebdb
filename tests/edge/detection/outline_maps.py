"""What the outline network would say of a square frame with cards in it."""

import numpy as np

from edge.detection.networks.outline import DISTANCE_UNIT_PX, RAYS, STRIDE_PX, ray_directions
from edge.frame import OutlineMaps

CELLS = 40


def card_maps(size_px: float, *quads: np.ndarray) -> OutlineMaps:
    """The middle cell of each card and the ways from there to its outline, in a frame of `size_px`."""
    logits = np.full((CELLS, CELLS), -8.0, np.float32)
    log_distances = np.zeros((RAYS, CELLS, CELLS), np.float32)
    for quad in quads:
        small = (quad + 0.5) * (CELLS * STRIDE_PX / size_px) - 0.5
        column, row = np.round((small.mean(axis=0) - (STRIDE_PX - 1) / 2) / STRIDE_PX).astype(int)
        logits[row, column] = 3.0
        log_distances[:, row, column] = np.log(_ways(small, column, row) / DISTANCE_UNIT_PX)
    return OutlineMaps(logits=logits, log_distances=log_distances, region=(0, 0, size_px, size_px))


def _ways(quad: np.ndarray, column: int, row: int) -> np.ndarray:
    """How far it is from a cell to a quad's sides along each ray: where centre + t ray = corner + s side."""
    edge = quad[[1, 2, 3, 0]] - quad
    way = quad - (STRIDE_PX * np.array([column, row]) + (STRIDE_PX - 1) / 2)
    ways = []
    for x, y in ray_directions().astype(np.float64):
        cross = x * edge[:, 1] - y * edge[:, 0]
        cross = np.where(np.abs(cross) < 1e-9, 1e-9, cross)
        t = (way[:, 0] * edge[:, 1] - way[:, 1] * edge[:, 0]) / cross
        s = (way[:, 0] * y - way[:, 1] * x) / cross
        ways.append(t[(t > 0) & (s >= 0) & (s <= 1)].min())
    return np.array(ways)
