"""The honest baseline: nearest neighbour by perceptual hash, on the same rectified cards."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from edge.geometry import Image
from edge.imaging.hashing import Hash, hash_distances, perceptual_hash
from edge.imaging.rectification import upside_down


class HashGallery:
    """Perceptual hashes of every reference, both ways up."""

    def __init__(
        self, references: Sequence[tuple[str, Image]], size: int, prepare: Callable[[Image], Image] | None = None
    ) -> None:
        """Hash the references.

        Args:
            references: (card id, uint8 [height, width, 3] BGR) pairs; one card may have several images.
            size: bits per side of the hash.
            prepare: what is done to every picture before it is hashed.
        """
        self.size = size
        self._prepare = prepare or np.asarray
        self._card_ids = [card_id for card_id, _ in references for _ in range(2)]
        images = [turned for _, image in references for turned in (image, upside_down(image))]
        self._hashes = np.stack([self._hash(image) for image in images])

    def nearest(self, card: Image, count: int) -> list[tuple[str, float]]:
        """The `count` nearest distinct cards and their distances, as a fraction of differing bits, ascending."""
        distances = hash_distances(self._hashes, self._hash(card))
        found: dict[str, float] = {}
        for row in np.argsort(distances, kind="stable"):
            found.setdefault(self._card_ids[row], float(distances[row]) / self.size**2)
            if len(found) == count:
                break
        return list(found.items())

    def standing_out(self, card: Image, without: AbstractSet[str] = frozenset()) -> tuple[str, float]:
        """The nearest card, and how many standard deviations of all distances it lies below their mean.

        Args:
            card: uint8 [height, width, 3] BGR.
            without: cards that are left out.
        """
        present = np.array([card_id not in without for card_id in self._card_ids])
        distances = hash_distances(self._hashes, self._hash(card))[present].astype(np.float64)
        nearest = int(distances.argmin())
        card_id = self._card_ids[int(np.flatnonzero(present)[nearest])]
        return card_id, float((distances.mean() - distances[nearest]) / max(distances.std(), 1e-9))

    def _hash(self, image: Image) -> Hash:
        return perceptual_hash(self._prepare(image), self.size)
