"""Verifies a near tie of two cards that no group of look-alikes has together: a grouping can have missed a pair."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from edge.centering.registration.alignment import correlation
from edge.database.search import Match
from edge.geometry import Image
from edge.imaging.print_reference import PrintReference
from edge.recognition.evidence import agreement
from edge.recognition.printings import Printings

# physics: of the distance; of 124 looks at known cards of the demo database, clear and disturbed, the nearest other art
# was 0.058 behind and more (by hand, no command makes it).
NEAR = 0.05
# geometry: lead of the first, of that of its perfect picture: half the way from where both agree equally.
_DECISIVE = 0.5
# physics: one minus the correlation of two pictures; of one print, sharp and blurred by a pixel, up to 0.28 (by hand):
# what differs less may be the scan and not the card.
_LEAST_DIFFERENCE = 0.3


def near_tie(
    card: Image,
    matches: Sequence[Match],
    alike: AbstractSet[str],
    reference_of: Callable[[str], PrintReference | None],
) -> Printings | None:
    """The first match and the nearest card of another art, where that is nearly as near and the pictures do not decide.

    Args:
        card: rectified card, uint8 [height, width, 3] BGR, as it was embedded.
        matches: distinct cards, the answer's first.
        alike: the first match with its look-alikes.
        reference_of: card id -> its reference picture; None where there is none, which decides nothing.

    Raises:
        DatabaseError: if a reference picture is damaged.
    """
    first = matches[0]
    rivals = [match for match in matches if match.card_id not in alike]
    if not rivals:
        return None
    rival = min(rivals, key=lambda match: match.distance)
    if rival.distance - first.distance >= NEAR or _decided(card, first, rival, reference_of):
        return None
    return Printings(
        card_ids=(first.card_id, rival.card_id), reason="they are nearly as near, and their pictures do not decide"
    )


def _decided(card: Image, first: Match, rival: Match, reference_of: Callable[[str], PrintReference | None]) -> bool:
    """Whether the card agrees so much more with the first match's picture than with the rival's."""
    own, other = reference_of(first.card_id), reference_of(rival.card_id)
    if own is None or other is None:
        return False
    difference = 1 - correlation(own.picture(), other.picture())
    lead = agreement(card, first.rotation, own) - agreement(card, rival.rotation, other)
    return difference >= _LEAST_DIFFERENCE and lead >= _DECISIVE * difference
