"""Printings that cannot be told apart are answered as the set that they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.database.search import CardDatabase, Match
from edge.recognition.verification import Verification

# numerics: embeddings whose distances differ by less are equal but for rounding.
_EQUAL = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Printings:
    """Cards between which nothing decides.

    Attributes:
        card_ids: at least two, the likeliest first.
        reason: why, in words.
    """

    card_ids: tuple[str, ...]
    reason: str


def tied_printings(
    database: CardDatabase, matches: Sequence[Match], verification: Verification | None
) -> Printings | None:
    """The cards that tie with the first match; None where there are none.

    Args:
        database: that was searched.
        matches: distinct cards, best first, at least one.
        verification: what the look-alike check found; None where it was not needed.
    """
    first = matches[0]
    if verification is not None and not verification.decided:
        alike = database.alike(first.card_id)
        listed = [match.card_id for match in matches if match.card_id in alike]
        return Printings(card_ids=(*listed, *sorted(alike.difference(listed))), reason=_reason(verification))
    equal = [match.card_id for match in matches if abs(match.distance - first.distance) < _EQUAL]
    if verification is None and len(equal) > 1:
        return Printings(card_ids=tuple(equal), reason="the model sees them as equal")
    return None


def _reason(verification: Verification) -> str:
    if verification.identical:
        return "their pictures in the database are the same"
    if verification.card_id is None:
        return "what tells them apart is hidden or blurred"
    return "what tells them apart cannot be made out"
