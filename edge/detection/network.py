"""Proposes card outlines with a small network, also where fingers or other things hide corners and edges."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RAYS = 32
STRIDE_PX = 8
DISTANCE_UNIT_PX = 32.0


@lru_cache(maxsize=1)
def ray_directions() -> NDArray[np.float32]:
    """Unit vectors [RAYS, 2], clockwise from the x axis (y down)."""
    angles = np.arange(RAYS) * (2 * math.pi / RAYS)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
