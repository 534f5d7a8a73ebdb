"""A database as if some of its cards were not in it: what those are to it makes them unknown cards."""

from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from edge.database.hashes import HashDistances
from edge.database.search import CardDatabase, Match
from edge.geometry import Image


class WithoutCards(CardDatabase):
    """Searches a database for all but some cards; everything else is that of the database, which is not copied."""

    def __init__(self, database: CardDatabase, card_ids: AbstractSet[str]) -> None:
        """Leave out these cards of the database; with a card its look-alikes should be left out, too."""
        vars(self).update(vars(database))
        self._absent = card_ids

    def search(self, queries: NDArray[np.float32], k: int) -> list[tuple[Match, ...]]:
        """See `CardDatabase.search`."""
        found = super().search(queries, k + len(self._absent))
        return [tuple(match for match in each if match.card_id not in self._absent)[:k] for each in found]

    def hash_distances(self, card: Image) -> HashDistances | None:
        """See `CardDatabase.hash_distances`."""
        found = super().hash_distances(card)
        return None if found is None else found.without(self._absent)
