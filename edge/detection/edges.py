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
    dx, dy = _strongest_gradient(cv2.GaussianBlur(image, (0, 0), SMOOTHING_SIGMA_PX))
    window = 2 * round(max(image.shape[:2]) * LOCAL_WINDOW / 2) + 1
    small = cv2.magnitude(dx[::2, ::2].astype(np.float32), dy[::2, ::2].astype(np.float32))
    local = cv2.blur(cv2.min(small, STRONGEST_COUNTED), (window // 2 + 1, window // 2 + 1)) + sensitivity.noise_floor
    gain = cv2.resize(UNIT / local, (dx.shape[1], dx.shape[0]), interpolation=cv2.INTER_LINEAR)
    dx = cv2.multiply(dx, gain, dtype=cv2.CV_16S)
    dy = cv2.multiply(dy, gain, dtype=cv2.CV_16S)
    edges = cv2.Canny(dx, dy, sensitivity.low * UNIT, sensitivity.high * UNIT, L2gradient=True)
    return EdgeField(gradient=cv2.merge([dx, dy]), edges=np.asarray(edges, dtype=np.uint8))


def _strongest_gradient(image: Image) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Sobel derivatives, int16 [H, W] each, of the channel with the largest gradient at each pixel."""
    channels = cv2.split(image)
    best_dx, best_dy = _sobel(channels[0])
    best = cv2.add(cv2.absdiff(best_dx, 0.0), cv2.absdiff(best_dy, 0.0))
    for channel in channels[1:]:
        dx, dy = _sobel(channel)
        strength = cv2.add(cv2.absdiff(dx, 0.0), cv2.absdiff(dy, 0.0))
        larger = cv2.compare(strength, best, cv2.CMP_GT)
        cv2.copyTo(dx, larger, best_dx)
        cv2.copyTo(dy, larger, best_dy)
        best = cv2.max(strength, best)
    return best_dx, best_dy


def _sobel(channel: NDArray[np.uint8]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    dx, dy = cv2.spatialGradient(channel)
    return np.asarray(dx, dtype=np.int16), np.asarray(dy, dtype=np.int16)
