"""What is known of each card of a database, kept small: as an object a card takes 1.2 kB, as JSON 0.2 kB."""

from collections.abc import Iterable

import numpy as np

from edge.wire.messages import CardDetails


class CompactDetails:
    """Details of cards, by number. Each is made into an object when it is asked for, which takes some microseconds."""

    def __init__(self, details: Iterable[CardDetails]) -> None:
        """Keep these."""
        encoded = [each.model_dump_json(exclude_defaults=True).encode() for each in details]
        self._json = b"".join(encoded)
        self._ends = np.cumsum([0, *map(len, encoded)])

    def __getitem__(self, number: int) -> CardDetails:
        """Those of one card."""
        return CardDetails.model_validate_json(self._json[self._ends[number] : self._ends[number + 1]])
