"""Random surfaces: what lies under a card or over it."""

import cv2
import numpy as np

from edge.geometry import Image


def random_texture(rng: np.random.Generator, width: int, height: int) -> Image:
    """A plain, blotchy, striped or printed-looking surface, uint8 [height, width, 3], BGR."""
    base = rng.integers(0, 256, 3)
    if rng.random() < 0.3:
        base[:] = rng.choice([rng.integers(0, 40), rng.integers(215, 256)])
    contrast = float(rng.choice([0.0, 12.0, 40.0, 110.0]))
    cells = _cells(rng)
    grid = np.clip(base + rng.normal(0, 1, (*cells, 3 if rng.random() < 0.5 else 1)) * contrast, 0, 255)
    grid = np.ascontiguousarray(np.broadcast_to(grid, (*cells, 3)).astype(np.uint8))
    method = cv2.INTER_NEAREST if rng.random() < 0.15 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grid, (width, height), interpolation=method), dtype=np.uint8)


def _cells(rng: np.random.Generator) -> tuple[int, int]:
    """Rows and columns of the coarse grid: square cells, or long ones like wood and cloth have."""
    rows = int(rng.choice([3, 8, 24, 64]))
    if rng.random() < 0.6:
        return rows, max(2, rows * 5 // 7)
    return (rows, 2) if rng.random() < 0.5 else (2, rows)
