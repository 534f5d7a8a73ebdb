"""Finds groups of look-alikes in a gallery: images that show the same print but for a small part, or but for a foil."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.imaging.hashing import hash_distances, perceptual_hash

HASH_SIZE = 16
# geometry: samples of 1 mm, and of 4 mm.
THUMBNAIL_SIZE = (63, 88)
COLOR_SIZE = (16, 22)
# chosen: hashes of simulated foil twins differ by up to 0.26, the nearest of 434 real cards of two sets by 0.195 (by
# hand, no command makes it); what hashes let pass, pictures decide.
_HASH_TOLERANCE = 0.12
_FOIL_HASH_TOLERANCE = 0.28
_PIXEL_TOLERANCE = 0.6
_DIFFERENT_SHARE = 0.08
# chosen: levels of a* and b*: those twins differ by up to 5 on average, cards of opposite colours by 19 and more.
_COLOR_TOLERANCE = 15.0
_MEAN_COLOR_TOLERANCE = 10.0
# geometry: columns and rows of blocks of 7 x 8 mm.
_BLOCKS = (9, 11)
# physics: grey levels of deviation, below which a block of one of the two shows nothing but noise or the foil.
_PLAIN = 8.0
# chosen: of 108 simulated foil twins 95.9 % of the blocks and more correlate so, of cards of one template 92.0 % at the
# most, of real cards that have one background 92.7 % (by hand, no command makes it).
_SAME_DRAWING = 0.3
_FOIL_SHARE = 0.945
_CHUNK = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fingerprint:
    """What `group_fingerprints` compares.

    Attributes:
        hash: perceptual hash, uint8 [32].
        grey: small picture, uint8 [88, 63].
        color: a* and b* of CIELAB as OpenCV scales them, uint8 [22, 16, 2].
    """

    hash: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    color: NDArray[np.uint8]

    def tobytes(self) -> bytes:
        """Equal for equal fingerprints."""
        return self.hash.tobytes() + self.grey.tobytes() + self.color.tobytes()


def fingerprint(card: Image) -> Fingerprint:
    """The fingerprint of a card image, uint8 [height, width, 3] BGR."""
    grey = cv2.resize(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(cv2.resize(card, COLOR_SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2LAB)
    return Fingerprint(
        hash=perceptual_hash(card, HASH_SIZE),
        grey=np.asarray(grey, dtype=np.uint8),
        color=np.asarray(np.ascontiguousarray(lab[:, :, 1:]), dtype=np.uint8),
    )


def group_fingerprints(fingerprints: Sequence[Fingerprint]) -> list[list[int]]:
    """Groups of two or more images that show the same print.

    Two images belong together if they are the same but for a small part of their area: at most 12 % of their hashes'
    bits differ, at most 8 % of their small pictures' pixels by more than 0.6 standard deviations, and at most 8 % of
    their colours by more than 15 levels. And they do if one is as the other under a foil: all but one block in twenty
    show the same drawing, and the colours are the same on average.
    """
    equal: dict[bytes, list[int]] = {}
    for index, each in enumerate(fingerprints):
        equal.setdefault(each.tobytes(), []).append(index)
    distinct = [fingerprints[indices[0]] for indices in equal.values()]
    groups: dict[int, list[int]] = {}
    for root, indices in zip(_roots(distinct), equal.values(), strict=True):
        groups.setdefault(root, []).extend(indices)
    return [sorted(members) for members in groups.values() if len(members) > 1]


def _roots(fingerprints: Sequence[Fingerprint]) -> list[int]:
    """For each fingerprint the first of those that it belongs together with."""
    parents = list(range(len(fingerprints)))
    for first, second in _near_hashes(np.stack([each.hash for each in fingerprints])):
        if _root(parents, first) != _root(parents, second) and _same_print(fingerprints[first], fingerprints[second]):
            parents[_root(parents, second)] = _root(parents, first)
    return [_root(parents, index) for index in range(len(parents))]


def _same_print(first: Fingerprint, second: Fingerprint) -> bool:
    colors = first.color.astype(np.float32) - second.color
    if np.linalg.norm(colors.mean(axis=(0, 1))) > _MEAN_COLOR_TOLERANCE:
        return False
    differing = int(hash_distances(first.hash, second.hash)) / HASH_SIZE**2
    recolored = (np.linalg.norm(colors, axis=2) > _COLOR_TOLERANCE).mean()
    if differing <= _HASH_TOLERANCE and recolored <= _DIFFERENT_SHARE:
        difference = np.abs(_standardized(first.grey) - _standardized(second.grey))
        if (difference > _PIXEL_TOLERANCE).mean() <= _DIFFERENT_SHARE:
            return True
    return _same_drawing(first.grey, second.grey) >= _FOIL_SHARE


def _standardized(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The picture with mean 0 and deviation 1."""
    values = grey.astype(np.float32)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1.0), dtype=np.float32)


def _same_drawing(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """The share of blocks that correlate, among those that show anything in both pictures."""
    blocks = [_blocks(grey) for grey in (first, second)]
    deviations = [each.std(axis=1) for each in blocks]
    shown = np.minimum(*deviations) > _PLAIN
    correlations = (blocks[0] * blocks[1]).mean(axis=1) / np.maximum(deviations[0] * deviations[1], 1e-6)
    return float((correlations[shown] >= _SAME_DRAWING).mean()) if shown.any() else 0.0


def _blocks(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The picture in blocks [B, pixels], each with mean 0."""
    (width, height), (columns, rows) = THUMBNAIL_SIZE, _BLOCKS
    cut = grey.reshape(rows, height // rows, columns, width // columns).swapaxes(1, 2).reshape(rows * columns, -1)
    values = cut.astype(np.float32)
    return np.asarray(values - values.mean(axis=1, keepdims=True), dtype=np.float32)


def _near_hashes(hashes: NDArray[np.uint8]) -> list[tuple[int, int]]:
    signs = np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1
    least = signs.shape[1] * (1 - 2 * _FOIL_HASH_TOLERANCE)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(signs), _CHUNK):
        first, second = np.nonzero(signs[start : start + _CHUNK] @ signs.T >= least)
        pairs.extend((int(a) + start, int(b)) for a, b in zip(first, second, strict=True) if a + start < b)
    return pairs


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index
