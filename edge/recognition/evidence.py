"""What speaks for an answer, beyond that its card is the nearest.

A distance alone does not refuse: among many cards some card is near to anything, above all one of the same template.
What tells is how far the next card is behind, how far the first stands out of the whole gallery, whether a perceptual
hash, which knows nothing of the model, sets the same card before all others, and whether the picture itself lies on
that of the card.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.registration.alignment import correlation
from edge.database.learned_gallery import LearnedGallery
from edge.database.search import CardDatabase, Match
from edge.geometry import Image
from edge.imaging.print_reference import REFERENCE_SIZE, PrintReference
from edge.imaging.rectification import upside_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for the art of a match.

    Attributes:
        distance: cosine distance to it.
        lead: how much farther the nearest card of another art is; negative where that one is nearer.
        separation: how many standard deviations of the gallery's distances it lies below their mean.
        hash_lead: how much farther the perceptual hash of the nearest card of another art is than its own, a share of
            the bits; None where the database has no hashes.
        agreement: correlation of the picture with the card's reference once it lies on it, -1 to 1; None where it was
            not looked at.
    """

    distance: float
    lead: float
    separation: float
    hash_lead: float | None = None
    agreement: float | None = None


def evidence_for(
    database: CardDatabase,
    card: Image,
    embedding: NDArray[np.float32],
    matches: Sequence[Match],
    learned: LearnedGallery | None = None,
) -> Iterator[Evidence]:
    """The evidence for each of the matches in turn, without agreement.

    Args:
        database: that was searched.
        card: rectified card, uint8 [height, width, 3] BGR, as it was embedded.
        embedding: of it, float32 [dimension].
        matches: distinct cards by ascending distance, the last of another art than the first where there is one.
        learned: cards that are known besides, and may be among the matches.
    """
    spread = database.spread(embedding)
    upright = _upright(card, matches[0])
    hashed = database.hash_distances(upright)
    if hashed is not None and learned is not None:
        ids = [match.card_id for match in matches if match.card_id in learned]
        hashed = hashed.beside(learned.hash_distances(upright, ids)) if ids else hashed
    for match in matches:
        alike = database.alike(match.card_id)
        others = [other.distance for other in matches if other.card_id not in alike]
        yield Evidence(
            distance=match.distance,
            lead=min(others, default=spread.mean) - match.distance,
            separation=(spread.mean - match.distance) / max(spread.deviation, 1e-6),
            hash_lead=None if hashed is None else hashed.lead(match.card_id, alike),
        )


def with_agreement(evidence: Evidence, database: CardDatabase, card: Image, match: Match) -> Evidence:
    """The evidence with agreement, where the database has reference pictures.

    Args:
        evidence: for the match.
        database: of the match.
        card: rectified card, uint8 [height, width, 3] BGR, as it was embedded.
        match: whose picture is compared.

    Raises:
        DatabaseError: if the reference picture is damaged.
    """
    reference = database.print_reference(match.card_id)
    if reference is None:
        return evidence
    return replace(evidence, agreement=agreement(card, match.rotation, reference))


def agreement(card: Image, rotation: int, reference: PrintReference) -> float:
    """Correlation of a rectified card, uint8 [height, width, 3] BGR, with a reference picture, -1 to 1.

    Args:
        card: as it was embedded.
        rotation: 180 where it lies upside down in its crop, else 0.
        reference: upright.

    Raises:
        DatabaseError: if the reference picture is damaged.
    """
    small = cv2.resize(upside_down(card) if rotation else card, REFERENCE_SIZE, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    return correlation(grey, reference.picture())


def _upright(card: Image, match: Match) -> Image:
    return upside_down(card) if match.rotation else card
