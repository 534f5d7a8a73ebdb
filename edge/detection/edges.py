"""The edges of a frame at the detector's working resolution, measured against their surroundings.

Gradients are divided by their local mean, so that a faint card border on dark cloth counts as much as a strong one on
a bright table, and a patterned background raises its own threshold.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image

SMOOTHING_SIGMA_PX = 1.0
LOCAL_WINDOW = 1 / 16
STRONGEST_COUNTED = 200.0
UNIT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What counts as an edge: hysteresis thresholds in local means, and the gradient of the noise added to those."""

    noise_floor: float
    low: float
    high: float


NORMAL = Sensitivity(noise_floor=8.0, low=0.7, high=1.5)
FAINT = Sensitivity(noise_floor=4.0, low=0.5, high=1.1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EdgeField:
    """Normalised gradients and thin edges of one working image.

    Attributes:
        gradient: int16 [H, W, 2], d/dx and d/dy of the colour channel that changes most; `UNIT` is the local mean.
        edges: uint8 [H, W], 255 on thin edges.
    """

    gradient: NDArray[np.int16]
    edges: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.edges.shape[1], self.edges.shape[0]


def edge_field(image: Image, sensitivity: Sensitivity = NORMAL) -> EdgeField:
    """Measure the edges of a working image, uint8 [H, W, 3] BGR."""
    dx, dy = _strongest_gradient(np.asarray(cv2.GaussianBlur(image, (0, 0), SMOOTHING_SIGMA_PX), dtype=np.uint8))
    window = 2 * round(max(image.shape[:2]) * LOCAL_WINDOW / 2) + 1
    small = np.hypot(dx[::2, ::2].astype(np.float32), dy[::2, ::2].astype(np.float32))
    local = cv2.blur(np.minimum(small, STRONGEST_COUNTED), (window // 2 + 1, window // 2 + 1))
    gain = cv2.resize(UNIT / (local + sensitivity.noise_floor), dx.shape[::-1], interpolation=cv2.INTER_LINEAR)
    dx = np.asarray(cv2.multiply(dx, gain, dtype=cv2.CV_16S), dtype=np.int16)
    dy = np.asarray(cv2.multiply(dy, gain, dtype=cv2.CV_16S), dtype=np.int16)
    edges = cv2.Canny(dx, dy, sensitivity.low * UNIT, sensitivity.high * UNIT, L2gradient=True)
    return EdgeField(gradient=np.stack([dx, dy], axis=2), edges=np.asarray(edges, dtype=np.uint8))


def _strongest_gradient(image: Image) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Sobel derivatives, int16 [H, W] each, of the channel with the largest gradient at each pixel."""
    best_dx, best_dy = _sobel(image[..., 0])
    best = np.abs(best_dx) + np.abs(best_dy)
    for channel in (image[..., 1], image[..., 2]):
        dx, dy = _sobel(channel)
        strength = np.abs(dx) + np.abs(dy)
        larger = strength > best
        np.copyto(best_dx, dx, where=larger)
        np.copyto(best_dy, dy, where=larger)
        np.copyto(best, strength, where=larger)
    return best_dx, best_dy


def _sobel(channel: NDArray[np.uint8]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    dx, dy = cv2.spatialGradient(np.ascontiguousarray(channel))
    return np.asarray(dx, dtype=np.int16), np.asarray(dy, dtype=np.int16)
