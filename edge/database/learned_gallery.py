"""The learned cards as a small gallery beside that of the card database: every one is compared with a query."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.database.hashes import card_hash
from edge.database.learned_card import LearnedCard
from edge.database.search import Match
from edge.geometry import Image
from edge.imaging.hashing import hash_distances
from edge.imaging.print_reference import PrintReference
from edge.wire.messages import CardDetails


class LearnedGallery:
    """Learned cards, embedded by one model. Never changed: learning another card makes another gallery."""

    def __init__(
        self,
        cards: Sequence[LearnedCard] = (),
        known: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
    ) -> None:
        """Hold these cards.

        Args:
            cards: whose embeddings are of one model.
            known: id of a card that is kept, but not searched -> card of the database that it is.
            faults: what is kept and cannot be used -> why.

        Raises:
            DatabaseError: if the picture of a card is damaged.
        """
        self.cards = tuple(cards)
        self.known = dict(known or {})
        self.faults = dict(faults or {})
        self._by_id = {card.card_id: card for card in self.cards}
        self._hashes = {card.card_id: card_hash(self.print_reference(card.card_id).picture()) for card in self.cards}
        self._vectors = np.stack([card.embeddings for card in self.cards]) if self.cards else None

    def with_card(self, card: LearnedCard) -> "LearnedGallery":
        """The same and another card."""
        return LearnedGallery((*self.cards, card), self.known, self.faults)

    def without(self, card_id: str) -> "LearnedGallery":
        """The same without what has that id."""
        return LearnedGallery(
            [card for card in self.cards if card.card_id != card_id],
            {each: known for each, known in self.known.items() if each != card_id},
            {each: fault for each, fault in self.faults.items() if each != card_id},
        )

    def degraded(self) -> tuple[str, ...]:
        """A sentence on what is kept and cannot be used."""
        more = f" (and {len(self.faults) - 1} more, which 'card-scanner learn --list' names)"
        first = next(iter(self.faults.values()), "")
        return (f"a learned card is left out: {first}{more if len(self.faults) > 1 else ''}",) if first else ()

    def __contains__(self, card_id: object) -> bool:
        """Whether that card is one of them."""
        return card_id in self._by_id

    def nearest(self, query: NDArray[np.float32]) -> tuple[Match, ...]:
        """All cards by ascending distance to a query.

        Args:
            query: float32 [dimension], L2-normalised.
        """
        if self._vectors is None:
            return ()
        by_rotation = np.maximum((1 - self._vectors @ query).min(axis=2), 0)
        order = np.argsort(by_rotation.min(axis=1), kind="stable")
        return tuple(
            Match(
                card_id=self.cards[number].card_id,
                distance=float(by_rotation[number].min()),
                rotation=180 * int(by_rotation[number].argmin()),
            )
            for number in order
        )

    def hash_distances(self, card: Image, card_ids: Iterable[str]) -> dict[str, float]:
        """Card id -> how far its hash is from that of a picture, as a share of the bits.

        Args:
            card: rectified card, uint8 [height, width, 3] BGR, upright.
            card_ids: of cards of this gallery.
        """
        query = card_hash(card)
        differing = {card_id: hash_distances(query, self._hashes[card_id]) for card_id in card_ids}
        return {card_id: float(bits) / (8 * len(query)) for card_id, bits in differing.items()}

    def details(self, card_id: str) -> CardDetails:
        """What is known of one of the cards."""
        return self._by_id[card_id].details

    def print_reference(self, card_id: str) -> PrintReference:
        """The picture with which crops of one of the cards are compared.

        It says nothing of centering: it is a look at a print that may lie off its card.
        """
        return PrintReference(encoded=self._by_id[card_id].print, borders_mm=None, name=card_id)
