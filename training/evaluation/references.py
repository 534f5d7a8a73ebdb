"""Whether every picture that a card database was built from finds itself, given as a photo."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from edge.detection import CardDetector
from edge.imaging.photos import read_photo
from edge.photo.identification import PhotoIdentifier
from edge.recognition.opening import open_recognizer
from edge.settings.sections import RecognitionSettings
from edge.wire.photo_result import CardStatus
from training.data.gallery import GalleryImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceOutcome:
    """What was said of one picture.

    Attributes:
        name: of its file, or its card.
        card_id: the card that it shows.
        answers: (card, status) of each card that was found in it; None for an unknown one.
    """

    name: str
    card_id: str
    answers: tuple[tuple[str | None, CardStatus], ...]

    @property
    def found(self) -> bool:
        """Whether the picture shows its own card, and nothing else."""
        return [card_id for card_id, _ in self.answers] == [self.card_id]

    @property
    def confirmed(self) -> bool:
        """Whether that is also confirmed."""
        return self.answers == ((self.card_id, CardStatus.CONFIRMED),)


def evaluate_references(images: Sequence[GalleryImage], recognition: RecognitionSettings) -> Iterator[ReferenceOutcome]:
    """Identify each picture as `card-scanner identify` does, one after the other.

    Raises:
        ScannerError: if the model, the database or a picture cannot be used.
    """
    with closing(open_recognizer(recognition)) as recognizer:
        identifier = PhotoIdentifier(CardDetector(), recognizer, max_batch=recognition.max_batch)
        for image in images:
            picture = image.load() if image.file is None else read_photo(image.file)
            name = image.card_id if image.file is None else image.file.name
            cards = identifier.identify(picture, name).cards
            yield ReferenceOutcome(
                name=name, card_id=image.card_id, answers=tuple((card.card_id, card.status) for card in cards)
            )


def references_to_markdown(outcomes: Sequence[ReferenceOutcome]) -> str:
    """How many found themselves, and a line for each that did not."""
    found, confirmed = sum(each.found for each in outcomes), sum(each.confirmed for each in outcomes)
    lines = [f"{found} of {len(outcomes)} pictures find themselves, {confirmed} confirmed"]
    for each in outcomes:
        if not each.found:
            said = ", ".join(f"{card_id or 'unknown'} {status}" for card_id, status in each.answers)
            lines.append(f"- {each.name}: {said or 'no card'}")
    return "\n".join(lines) + "\n"
