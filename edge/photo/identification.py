"""One photo, many cards in it: detect, rectify, recognise, judge."""

from dataclasses import dataclass

from edge.centering import Measure, centering_report
from edge.detection import CardDetector
from edge.geometry import Image, Quad
from edge.imaging.print_reference import PrintReference
from edge.photo.outlines import OutlineReader
from edge.recognition.belief import Worth
from edge.recognition.matches import match_messages
from edge.recognition.recognition import Recognition
from edge.recognition.recognizer import Recognizer
from edge.wire.centering import CenteringReport
from edge.wire.messages import MatchMessage
from edge.wire.photo_result import CardResult, CardStatus, PhotoResult

_STATUS = {
    Worth.STRONG: CardStatus.CONFIRMED,
    Worth.WEAK: CardStatus.CANDIDATE,
    Worth.UNKNOWN: CardStatus.UNKNOWN,
    Worth.NOT_A_CARD: CardStatus.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IdentifiedCard:
    """A card of a photo, as far as it was recognised.

    Attributes:
        quad: its outline, from its own top-left where it was recognised.
        card_id: None for an unknown card.
        reference: picture of the recognised card; None where there is none.
    """

    quad: Quad
    card_id: str | None
    reference: PrintReference | None


def identify_cards(image: Image, reader: OutlineReader) -> list[IdentifiedCard]:
    """The cards of a photo and what they are; raises as `PhotoIdentifier.identify`."""
    cards: list[IdentifiedCard] = []
    for sighting in reader.read(image):
        card_id = sighting.recognition.card_id
        cards.append(
            IdentifiedCard(
                quad=sighting.quad if card_id is None else sighting.recognition.own_quad(sighting.quad),
                card_id=card_id,
                reference=None if card_id is None else reader.database.print_reference(card_id),
            )
        )
    return cards


class PhotoIdentifier:
    """Identifies the cards of single photos with one model and one card database."""

    def __init__(
        self,
        detector: CardDetector,
        recognizer: Recognizer,
        *,
        max_batch: int,
        measure: Measure | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            detector: finds the cards.
            recognizer: names them.
            max_batch: most cards that are rectified and embedded at once.
            measure: measures the centering of recognised and unknown cards alike; None measures nothing.
        """
        self._reader = OutlineReader(detector, recognizer, max_batch=max_batch)
        self._measure = measure

    def identify(self, image: Image, name: str) -> PhotoResult:
        """Identify the cards of a photo.

        Args:
            image: uint8 [H, W, 3] BGR.
            name: of the photo, for the result.

        Raises:
            InferenceError: if the model fails.
            DatabaseError: if the database fails.
        """
        cards = [self._result(image, each.quad, each.recognition) for each in self._reader.read(image)]
        calibrated = self._reader.database.manifest.calibration is not None
        return PhotoResult(image=name, width=image.shape[1], height=image.shape[0], calibrated=calibrated, cards=cards)

    def _result(self, image: Image, quad: Quad, recognition: Recognition) -> CardResult:
        matches, belief, printings = recognition.matches, recognition.belief, recognition.printings
        own_quad = recognition.own_quad(quad) if recognition.named else quad
        return CardResult(
            corners=[(round(float(x), 2), round(float(y), 2)) for x, y in own_quad],
            status=_STATUS[recognition.worth],
            card_id=recognition.card_id,
            distance=round(matches[0].distance, 5) if matches else None,
            probability=None if belief is None else _share(belief.probabilities[0]),
            none_of_these=None if belief is None else _share(belief.none),
            matches=[_rounded(match) for match in match_messages(recognition)],
            printings=[] if printings is None else list(printings.card_ids),
            printings_reason=None if printings is None else printings.reason,
            centering=self._centering(image, own_quad, recognition.card_id),
        )

    def _centering(self, image: Image, own_quad: Quad, card_id: str | None) -> CenteringReport | None:
        if self._measure is None:
            return None
        reference = None if card_id is None else self._reader.database.print_reference(card_id)
        return centering_report(self._measure(image, own_quad, reference))


def _rounded(match: MatchMessage) -> MatchMessage:
    probability = None if match.probability is None else _share(match.probability)
    return MatchMessage(card_id=match.card_id, distance=round(match.distance, 5), probability=probability)


def _share(probability: float) -> float:
    return round(probability, 5)
