"""The honest baseline: nearest neighbour by perceptual hash, on the same rectified cards."""

from collections.abc import Sequence

import numpy as np

from edge.geometry import Image
from edge.imaging.hashing import hash_distances, perceptual_hash
from edge.imaging.rectification import upside_down


class HashGallery:
    """Perceptual hashes of every reference, both ways up."""

    def __init__(self, references: Sequence[tuple[str, Image]], size: int) -> None:
        """Hash the references.

        Args:
            references: (card id, uint8 [height, width, 3] BGR) pairs; one card may have several images.
            size: bits per side of the hash.
        """
        self.size = size
        self._card_ids = [card_id for card_id, _ in references for _ in range(2)]
        images = [turned for _, image in references for turned in (image, upside_down(image))]
        self._hashes = np.stack([perceptual_hash(image, size) for image in images])

    def nearest(self, card: Image, count: int) -> list[tuple[str, float]]:
        """The `count` nearest distinct cards and their distances, as a fraction of differing bits, ascending."""
        distances = hash_distances(self._hashes, perceptual_hash(card, self.size))
        found: dict[str, float] = {}
        for row in np.argsort(distances, kind="stable"):
            found.setdefault(self._card_ids[row], float(distances[row]) / self.size**2)
            if len(found) == count:
                break
        return list(found.items())

    def standing_out(self, card: Image) -> tuple[str, float]:
        """The nearest card, and how many standard deviations of all distances it lies below their mean."""
        distances = hash_distances(self._hashes, perceptual_hash(card, self.size)).astype(np.float64)
        nearest = int(distances.argmin())
        return self._card_ids[nearest], float((distances.mean() - distances[nearest]) / max(distances.std(), 1e-9))
