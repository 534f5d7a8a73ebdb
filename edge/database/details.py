"""What is known of each card of a database, kept small: as an object a card takes 1.2 kB, as JSON 0.2 kB."""

from collections.abc import Mapping

import numpy as np

from edge.wire.messages import CardDetails


class CompactDetails:
    """Details of cards, by number. Each is made into an object when it is asked for, which takes some microseconds.

    Attributes:
        card_ids: of all cards, sorted: by number. They have memory of their own, so that nothing keeps that of the
            details that were read, among which theirs lay.
    """

    def __init__(self, details: Mapping[str, CardDetails]) -> None:
        """Keep these: card id -> details."""
        self.card_ids = [card_id.encode().decode() for card_id in sorted(details)]
        encoded = [details[card_id].model_dump_json(exclude_defaults=True).encode() for card_id in self.card_ids]
        self._json = b"".join(encoded)
        self._ends = np.cumsum([0, *map(len, encoded)])

    def __getitem__(self, number: int) -> CardDetails:
        """Those of one card."""
        return CardDetails.model_validate_json(self._json[self._ends[number] : self._ends[number + 1]])
