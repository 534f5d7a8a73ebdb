"""Which of several outlines of one place is a card's: decided by recognition where geometry alone leaves a choice.

A card in a holder, its art window and the picture that it fills all have four straight sides. The outline whose crop is
nearest to a card of the database is the card's; what lies inside it is none. Photos and live frames decide alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.geometry import Quad, of_one_place, quad_area
from edge.recognition.recognition import Recognition

# chosen: another outline of a card is taken where it is nearer than the first, to another card by this much: among
# several outlines of an unknown card one is always a little nearer to some card than the rest (`card-training evaluate
# references`).
NEARER = 0.08


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """An outline, in pixels of its picture, and the answer for its crop."""

    quad: Quad
    recognition: Recognition

    @property
    def distance(self) -> float:
        """To the first match; infinite where the database is empty."""
        matches = self.recognition.matches
        return matches[0].distance if matches else float("inf")

    @property
    def card_id(self) -> str | None:
        """Of the first match."""
        matches = self.recognition.matches
        return matches[0].card_id if matches else None


def better_outline(first: Sighting, others: Iterable[Sighting]) -> Sighting:
    """The nearest of the outlines that an undecided card may have.

    Args:
        first: the outline that was found.
        others: other outlines of its place.
    """
    best = min(others, key=lambda each: each.distance, default=first)
    margin = 0.0 if best.card_id == first.card_id else NEARER
    better = best.recognition.named and best.distance < first.distance - margin
    return best if better else first


def without_parts(seen: Sequence[Sighting]) -> list[Sighting]:
    """The outlines of one picture without those that lie inside a named card, or show the same card once more."""
    kept: list[Sighting] = []
    for each in sorted(seen, key=lambda sighting: sighting.distance):
        cards = [card for card in kept if card.recognition.named]
        if not any(_is_part(each, card) for card in cards):
            kept.append(each)
    return [each for each in seen if any(each is card for card in kept)]


def lies_inside(quad: Quad, card: Quad) -> bool:
    """Whether an outline is of a part of the card that another outline is of."""
    return quad_area(quad) <= quad_area(card) and of_one_place(quad, card)


def _is_part(sighting: Sighting, card: Sighting) -> bool:
    once_more = sighting.card_id == card.card_id and of_one_place(sighting.quad, card.quad)
    return once_more or lies_inside(sighting.quad, card.quad)
