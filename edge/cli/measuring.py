"""How commands measure the cards in photos: the options that they share, and the parts that these open."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.settings.settings import load_settings

if TYPE_CHECKING:
    from edge.calibration.measuring import Measurer
    from edge.centering import Centering, Setup
    from edge.detection import CardDetector
    from edge.geometry import Image
    from edge.imaging.decoding import Photo
    from edge.photo.identification import IdentifiedCard
    from edge.recognition.recognizer import Recognizer
    from edge.settings.settings import Settings


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--tolerances",
        type=named_path,
        metavar="FILE",
        help="grading tables of your own, laid out as edge/centering/figures/grading.json",
    )
    parser.add_argument(
        "--database",
        type=named_path,
        metavar="DIR",
        help="identify each card with this card database, and compare its print with the card's reference picture",
    )
    parser.add_argument("--model", type=named_path, metavar="FILE", help="embedding model (ONNX) of that database")
    parser.add_argument(
        "--calibration",
        type=named_path,
        metavar="FILE",
        help="of the camera that took the photos, by 'card-scanner calibrate'",
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measuring:
    """Finds the cards in photos, identifies them where it has a database, and measures them."""

    settings: "Settings"
    measurer: "Measurer"
    detector: "CardDetector"
    recognizer: "Recognizer | None"

    def cards(self, path: Path, photo: "Photo") -> list[tuple["IdentifiedCard", "Centering"]]:
        """The cards in a photo, and their centering, in pixels of the photo as it was decoded."""
        from edge.imaging.exif import camera_of

        measurer = replace(self.measurer, sensor=camera_of(path)[0], reduction=photo.reduction)
        return [(card, measurer(photo.image, card.quad, card.reference)) for card in self._identified(photo.image)]

    def _identified(self, image: "Image") -> list["IdentifiedCard"]:
        from edge.photo.identification import IdentifiedCard, identify_cards
        from edge.photo.outlines import OutlineReader

        if self.recognizer is None:
            return [
                IdentifiedCard(quad=each.quad, card_id=None, reference=None) for each in self.detector.detect(image)
            ]
        reader = OutlineReader(self.detector, self.recognizer, max_batch=self.settings.recognition.max_batch)
        return identify_cards(image, reader)


@contextmanager
def open_measuring(options: argparse.Namespace, face: str) -> Iterator[Measuring]:
    """Open what these options ask for, to measure that face of cards: front or back.

    Raises:
        ConfigurationError: if the options do not go together.
    """
    from edge.calibration.measuring import open_measurer
    from edge.detection import CardDetector

    if options.model is not None and options.database is None:
        raise ConfigurationError("--model is the model of a card database; give --database too")
    given = {"model": options.model, "database": options.database}
    settings = load_settings(overrides={"recognition": {key: path for key, path in given.items() if path is not None}})
    with ExitStack() as resources:
        yield Measuring(
            settings=settings,
            measurer=open_measurer(options.calibration, _setup(options, settings, face)),
            detector=CardDetector(),
            recognizer=_recognizer(options, settings, face, resources),
        )


def _recognizer(
    options: argparse.Namespace, settings: "Settings", face: str, resources: ExitStack
) -> "Recognizer | None":
    if options.database is None or face == "back":
        return None
    from edge.recognition.opening import open_recognizer

    return resources.enter_context(closing(open_recognizer(settings.recognition)))


def _setup(options: argparse.Namespace, settings: "Settings", face: str) -> "Setup":
    from edge.centering import Setup
    from edge.centering.figures.grading import read_tables
    from edge.database.prints import read_backs

    return Setup(
        face="back" if face == "back" else "front",
        tables=None if options.tolerances is None else read_tables(options.tolerances),
        backs=read_backs(settings.recognition.database),
    )
