"""How far a card agrees with the pictures of look-alikes, in the places where those differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_PX_PER_MM

Pixels = NDArray[np.float32]

# physics: about 4 pixels/mm are left, as a camera above the bench has them.
BLUR_PX = 1.0
_SAMPLES_PER_MM2 = 16
# chosen: grey levels, from which members differ in a place (`card-training evaluate scenes`).
DIFFERENT = 12.0
# geometry: where members differ, so much around is compared as well: a quarter of a millimetre to each side.
_AROUND_PX = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowEvidence:
    """What the windows of a card say for some pictures.

    Attributes:
        correlations: of each picture [P] with the card where the pictures differ, -1 to 1.
        alike: correlation of the first two pictures with each other there.
        area_mm2: of what differs.
    """

    correlations: Pixels
    alike: float
    area_mm2: float

    @property
    def lead(self) -> float:
        """Of the first picture over the second, as a share of what a perfect image of the first would have."""
        return float(self.correlations[0] - self.correlations[1]) / max(1 - self.alike, 1e-3)

    @property
    def significance(self) -> float:
        """That lead, in standard deviations of what the rest of the card's picture, were it noise, would make of it.

        Noise of the relative power 1 - c^2, where c is the correlation with the first picture, is projected on the
        difference of two unit vectors, of length sqrt(2 (1 - alike)), with as many samples as the area has: a digit has
        few of them, a stamp many.
        """
        noise = max(1 - float(self.correlations[0]) ** 2, 1e-3)
        samples = self.area_mm2 * _SAMPLES_PER_MM2
        return self.lead * float(np.sqrt(max(1 - self.alike, 0.0) * samples / (2 * noise)))


def window_evidence(windows: Sequence[tuple[Image, Pixels]], pictures: Sequence[int]) -> WindowEvidence:
    """What windows say for at least two pictures.

    A window counts by how much the pictures differ in it; each colour's mean within it is taken away, so that
    brightness, contrast and a colour cast do not matter.

    Args:
        windows: of each its pictures, uint8 [N, height, width, 3], and the card there [height, width, 3].
        pictures: numbers of the pictures that are compared.
    """
    sums, alike, total, pixel_count = np.zeros(len(pictures), dtype=np.float32), 0.0, 0.0, 0
    for pixels, patch in windows:
        compared = pixels[list(pictures)]
        spread = (compared.max(axis=0) - compared.min(axis=0)).max(axis=2).astype(np.float32)
        different = (spread > DIFFERENT).astype(np.uint8)
        differs = cv2.dilate(different, np.ones((_AROUND_PX, _AROUND_PX), dtype=np.uint8)) > 0
        energy = float(spread[differs].sum())
        if energy > 0:
            shown = np.concatenate([compared[:, differs], patch[None, differs]], dtype=np.float32)
            vectors = _normalised(shown)
            sums += energy * (vectors[:-1] @ vectors[-1])
            alike += energy * float(vectors[0] @ vectors[1])
            total += energy
            pixel_count += int(different.sum())
    return WindowEvidence(
        correlations=sums / total if total else sums,
        alike=alike / total if total else 1.0,
        area_mm2=pixel_count / RECTIFIED_PX_PER_MM**2,
    )


def _normalised(patches: Pixels) -> Pixels:
    """Patches [M, pixels, 3] as unit vectors [M, 3 pixels], each colour's mean taken away."""
    rows = (patches - patches.mean(axis=1, keepdims=True)).reshape(len(patches), -1)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), dtype=np.float32)
