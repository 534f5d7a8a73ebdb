"""Perceptual hashes of a bundle's images: what they look like, without a model.

    hashes.npy   uint8 [upright rows, 128]: 32 x 32 bits of each image that lies upright, in the order of index.json

A bundle that was built without them does not have the file.
"""

import io
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.database.arrays import map_array
from edge.database.bundle import REPAIR, IndexRow
from edge.errors import DatabaseError
from edge.geometry import Image
from edge.imaging.hashing import Hash, perceptual_hash
from edge.manifests import DatabaseManifest

HASHES_FILE = "hashes.npy"
# chosen: with 16 bits a side 78 % of known real cards under every disturbance at once have a lead that no unknown one
# has, with 24 97 %, with 32 99 % (`card-training evaluate refusal` shows what it is worth among the other evidence).
_BITS_A_SIDE = 32
_BITS = _BITS_A_SIDE**2
# numerics: bits that are set in each number of 8 bits; a table, as numpy counts them itself only since version 2.
_SET_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint8)


def card_hash(card: Image) -> Hash:
    """The hash of an upright card, uint8 [128].

    Args:
        card: rectified, uint8 [height, width, 3] BGR or [height, width] grey.
    """
    return perceptual_hash(card, _BITS_A_SIDE)


class HashDistances:
    """How far the hash of every card is from that of a picture, as a share of the bits."""

    def __init__(self, shares: NDArray[np.float64], numbers: Mapping[str, int]) -> None:
        """Take over what was found.

        Args:
            shares: float64 [cards], 0 to 1.
            numbers: card id -> its place there.
        """
        self._shares = shares
        self._numbers = numbers

    def lead(self, card_id: str, alike: Iterable[str]) -> float:
        """How much farther the nearest other card is; negative where that one is nearer.

        Args:
            card_id: of the card that leads.
            alike: it and its look-alikes, which are no others.
        """
        others = self._shares.copy()
        others[[self._numbers[each] for each in alike]] = 1.0
        return float(others.min() - self._shares[self._numbers[card_id]])

    def without(self, card_ids: Iterable[str]) -> "HashDistances":
        """The same as if these cards were not in the database."""
        shares = self._shares.copy()
        shares[[self._numbers[each] for each in card_ids]] = 1.0
        return HashDistances(shares, self._numbers)

    def beside(self, shares: Mapping[str, float]) -> "HashDistances":
        """The same with cards besides: card id -> how far its hash is."""
        first = len(self._shares)
        numbers = {card_id: first + place for place, card_id in enumerate(shares)}
        together = np.concatenate([self._shares, np.array(list(shares.values()), dtype=np.float64)])
        return HashDistances(together, ChainMap(numbers, cast("dict[str, int]", self._numbers)))


class CardHashes:
    """The hashes of a bundle's cards, in memory: 128 bytes an image."""

    def __init__(self, hashes: NDArray[np.uint8], card_of: NDArray[np.int32], card_ids: Sequence[str]) -> None:
        """Copy the hashes.

        Args:
            hashes: uint8 [images, 128].
            card_of: int32 [images], the number of the card that each shows; every card has at least one.
            card_ids: of all cards, by number.
        """
        order = np.argsort(card_of, kind="stable")
        self._hashes = np.ascontiguousarray(hashes[order])
        self._first = np.searchsorted(card_of[order], np.arange(len(card_ids)))
        self._numbers = {card_id: number for number, card_id in enumerate(card_ids)}

    def distances(self, query: Hash) -> HashDistances:
        """How far every card is from a hash [128]; of several images of a card the nearest counts."""
        set_bits = cv2.LUT(self._hashes ^ query, _SET_BITS)
        differing = cv2.reduce(set_bits, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
        return HashDistances(np.minimum.reduceat(differing, self._first) / _BITS, self._numbers)


def open_hashes(
    path: Path, manifest: DatabaseManifest, card_of: NDArray[np.int32], card_ids: Sequence[str]
) -> CardHashes | None:
    """Read the hashes of a bundle whose files have been checked; None where it was built without them.

    Args:
        path: of the bundle.
        manifest: of the bundle.
        card_of: int32 [upright rows], the number of the card that each shows.
        card_ids: of all cards, by number.

    Raises:
        DatabaseError: if they are not those of the bundle's rows.
    """
    if HASHES_FILE not in manifest.files:
        return None
    hashes = np.asarray(map_array(path / HASHES_FILE, "|u1", _BITS // 8), dtype=np.uint8)
    if len(hashes) != len(card_of) or len(np.unique(card_of)) != len(card_ids):
        raise DatabaseError(f"{path / HASHES_FILE} does not fit the bundle's rows; {REPAIR}")
    return CardHashes(hashes, card_of, card_ids)


def dump_hashes(hashes: Sequence[Hash], rows: Sequence[IndexRow]) -> dict[str, bytes]:
    """The file as `open_hashes` reads it: file name -> content; none without hashes.

    Args:
        hashes: of the images that lie upright, in the order of the rows.
        rows: of the bundle.

    Raises:
        DatabaseError: if there are more or fewer of them than upright rows.
    """
    if not len(hashes):
        return {}
    upright = sum(row.rotation == 0 for row in rows)
    if len(hashes) != upright:
        raise DatabaseError(f"{upright} upright images need as many hashes, got {len(hashes)}")
    buffer = io.BytesIO()
    np.save(buffer, np.stack(hashes), allow_pickle=False)
    return {HASHES_FILE: buffer.getvalue()}
