"""Which outlines in a picture are cards: decided by recognition where geometry alone leaves a choice.

A card in a holder, its art window and the picture that it fills all have four straight sides. The outline whose crop is
nearest to a card of the database is the card's; what lies inside it is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.database import CardDatabase
from edge.detection import CardDetector, filling_quads
from edge.geometry import Image, Quad, quad_area, quad_intersection_over_smaller
from edge.imaging.rectification import rectify
from edge.manifests import Thresholds
from edge.recognition.recognizer import Recognition, Recognizer

# Another outline of a card is taken where it is nearer than the first, to another card by this much: among several
# outlines of an unknown card one is always a little nearer to some card than the rest.
NEARER = 0.08
# An outline of which this share lies in that of a recognised card is a part of that card; of two outlines of one
# place, this share of the smaller lies in the other.
PART = 0.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """A card of a picture: its outline, in pixels, and the answer for its crop."""

    quad: Quad
    recognition: Recognition


class OutlineReader:
    """Finds the cards of single pictures and recognises them."""

    def __init__(
        self, detector: CardDetector, recognizer: Recognizer, thresholds: Thresholds, *, max_batch: int
    ) -> None:
        """Put the parts together.

        Args:
            detector: finds outlines.
            recognizer: names what they show.
            thresholds: say which answer settles an outline.
            max_batch: most cards that are rectified and embedded at once.
        """
        self._detector = detector
        self._recognizer = recognizer
        self._thresholds = thresholds
        self._max_batch = max_batch

    @property
    def database(self) -> CardDatabase:
        """The gallery."""
        return self._recognizer.database

    def read(self, image: Image) -> list[Sighting]:
        """The cards of a picture.

        Args:
            image: uint8 [H, W, 3] BGR.

        Raises:
            InferenceError: if the model fails.
            DatabaseError: if the database fails.
        """
        seen = list(self._recognized(image, [detection.quad for detection in self._detector.detect(image)]))
        filling = None if any(map(self._settled, seen)) else self._filling(image, seen)
        if filling is not None and self._settled(filling):
            return [filling]
        seen = [each if self._settled(each) else self._reconsidered(image, each) for each in seen]
        if filling is not None and all(distance(filling) < distance(each) for each in seen):
            return [filling]
        return self._without_parts(seen)

    def _filling(self, image: Image, seen: Sequence[Sighting]) -> Sighting | None:
        """The picture itself as a card, where it may be one and is nearer to one than what was found in it."""
        whole = min(self._recognized(image, filling_quads(image)), key=distance, default=None)
        if whole is None or distance(whole) > self._thresholds.unknown:
            return None
        return whole if all(distance(whole) < distance(each) - NEARER for each in seen) else None

    def _reconsidered(self, image: Image, first: Sighting) -> Sighting:
        """The nearest of the outlines that an undecided card may have, none of them a neighbour's."""
        near = self._detector.others(image, first.quad)
        here = [quad for quad in near if quad_intersection_over_smaller(quad, first.quad) > PART]
        best = min(self._recognized(image, here), key=distance, default=first)
        margin = 0.0 if _card(best) == _card(first) else NEARER
        better = distance(best) <= self._thresholds.unknown and distance(best) < distance(first) - margin
        return best if better else first

    def _without_parts(self, seen: Sequence[Sighting]) -> list[Sighting]:
        """Without what lies inside a recognised card, or is the same card once more."""
        kept: list[Sighting] = []
        for each in sorted(seen, key=distance):
            cards = [card for card in kept if distance(card) <= self._thresholds.unknown]
            if not any(_is_part(each, card) for card in cards):
                kept.append(each)
        return [each for each in seen if any(each is card for card in kept)]

    def _settled(self, sighting: Sighting) -> bool:
        return distance(sighting) <= self._thresholds.confirmed

    def _recognized(self, image: Image, quads: Sequence[Quad]) -> Iterator[Sighting]:
        for start in range(0, len(quads), self._max_batch):
            batch = quads[start : start + self._max_batch]
            answers = self._recognizer.recognize([rectify(image, quad) for quad in batch])
            for quad, recognition in zip(batch, answers, strict=True):
                yield Sighting(quad=quad, recognition=recognition)


def distance(sighting: Sighting) -> float:
    """To the first match; infinite where the database is empty."""
    matches = sighting.recognition.matches
    return matches[0].distance if matches else float("inf")


def _card(sighting: Sighting) -> str | None:
    matches = sighting.recognition.matches
    return matches[0].card_id if matches else None


def _is_part(sighting: Sighting, card: Sighting) -> bool:
    inside = quad_area(sighting.quad) <= quad_area(card.quad)
    overlaps = quad_intersection_over_smaller(sighting.quad, card.quad) > PART
    return overlaps and (inside or _card(sighting) == _card(card))
