"""From vectors to answers: the nearest cards of each crop, by card and not by image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAREST = 5
_CHUNK = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearestCards:
    """What one method says of M crops.

    Attributes:
        cards: int64 [M, 5], numbers of the nearest different cards, nearest first (fewer columns in a small gallery).
        distances: float32 [M, 5], their cosine distances.
        own: float32 [M], the distance to the crop's own card; NaN where the gallery does not hold it.
    """

    cards: NDArray[np.int64]
    distances: NDArray[np.float32]
    own: NDArray[np.float32]


def nearest_cards(
    gallery: NDArray[np.float32], card_numbers: NDArray[np.int64], queries: NDArray[np.float32], truth: Sequence[int]
) -> NearestCards:
    """Search every query among all rows; of several rows of one card the nearest counts.

    Args:
        gallery: unit rows [N, D].
        card_numbers: [N], the card of each row, from 0 without gaps.
        queries: unit rows [M, D].
        truth: the card number of each query, -1 where it is not in the gallery.
    """
    order = np.argsort(card_numbers, kind="stable")
    starts = np.searchsorted(card_numbers[order], np.arange(int(card_numbers.max()) + 1))
    sorted_rows = np.ascontiguousarray(gallery[order])
    count = min(NEAREST, len(starts))
    cards = np.empty((len(queries), count), np.int64)
    distances = np.empty((len(queries), count), np.float32)
    own = np.full(len(queries), np.nan, np.float32)
    true = np.asarray(truth, np.int64)
    for start in range(0, len(queries), _CHUNK):
        part = slice(start, start + _CHUNK)
        of_card = 1 - np.maximum.reduceat(queries[part] @ sorted_rows.T, starts, axis=1)
        cards[part] = np.argsort(of_card, axis=1, kind="stable")[:, :count]
        distances[part] = np.take_along_axis(of_card, cards[part], axis=1)
        known = np.flatnonzero(true[part] >= 0)
        own[start + known] = of_card[known, true[part][known]]
    return NearestCards(cards=cards, distances=distances, own=own)
