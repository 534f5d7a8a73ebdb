"""`card-scanner identify`: the cards in photos."""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, new_command
from edge.cli.output import write_line
from edge.cli.photos import collect_photos, overlay_paths, readable_photos
from edge.files.paths import named_path
from edge.manifests import UNCALIBRATED
from edge.settings.settings import load_settings

if TYPE_CHECKING:
    from edge.calibration.measuring import Measurer
    from edge.centering import Measure
    from edge.database.search import CardDatabase
    from edge.geometry import Image
    from edge.photo.identification import PhotoIdentifier
    from edge.recognition.recognizer import Recognizer
    from edge.settings.settings import Settings
    from edge.wire.photo_result import CardResult, PhotoResult

_EXAMPLES = """\
  card-scanner identify binder.jpg                      a table of the cards in one photo
  card-scanner identify photos/ --json > results.jsonl  one JSON object a photo, one photo a line
  card-scanner identify photos/ --overlay out/          pictures with the outlines, names and centering drawn in
  card-scanner identify photos/ --json --calibration cam.json
                                                        centering by a calibrated camera

A card is confirmed, a candidate (probable, but not probable enough, or one of several printings that could not be
told apart) or unknown, by the probabilities that the card database is calibrated for. The exit code is 0 when every
photo could be read, else 1."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(
        commands, common, "identify", "Say which cards are in photos. One photo may show many cards.", _EXAMPLES
    )
    parser.add_argument("paths", nargs="+", type=named_path, metavar="PATH", help="a photo, or a folder of photos")
    parser.add_argument("--database", type=named_path, metavar="DIR", help="card database to search")
    parser.add_argument("--model", type=named_path, metavar="FILE", help="embedding model (ONNX) of that database")
    parser.add_argument("--json", action="store_true", help="one JSON object a photo instead of a table")
    parser.add_argument(
        "--overlay", type=named_path, metavar="DIR", help="also write DIR/<photo>.png with the cards drawn in"
    )
    parser.add_argument(
        "--calibration",
        type=named_path,
        metavar="FILE",
        help="of the camera that took the photos, by 'card-scanner calibrate'; centering is measured by it",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.calibration.measuring import open_measurer
    from edge.centering import Setup
    from edge.imaging.exif import camera_of
    from edge.photo.enlargement import enlarged_result
    from edge.recognition.opening import open_recognizer

    photos, failures = collect_photos(options.paths)
    overlays = overlay_paths(options.overlay, photos)
    given = {"model": options.model, "database": options.database}
    chosen = {key: path for key, path in given.items() if path is not None}
    settings = load_settings(overrides={"recognition": chosen})
    if not photos:
        return 1
    with closing(open_recognizer(settings.recognition)) as recognizer:
        database = recognizer.database
        identifier = _identifier(settings, recognizer)
        measurer = open_measurer(options.calibration, Setup(backs=database.backs))
        for path, photo in readable_photos(photos, failures):
            measured = replace(measurer, sensor=camera_of(path)[0], reduction=photo.reduction)
            found = identifier(_enlarging(measured)).identify(photo.image, os.fsencode(path).decode(errors="replace"))
            result = enlarged_result(found, photo)
            for line in [_json(result)] if options.json else _table(result, database):
                write_line(line)
            if path in overlays:
                _draw(overlays[path], photo.image, found, database)
            del photo
    return 1 if failures else 0


def _identifier(settings: "Settings", recognizer: "Recognizer") -> "Callable[[Measure], PhotoIdentifier]":
    """What identifies the cards of one photo, given how to measure them."""
    from edge.detection import CardDetector
    from edge.photo.identification import PhotoIdentifier

    detector = CardDetector()
    max_batch = settings.recognition.max_batch
    return lambda measure: PhotoIdentifier(detector, recognizer, max_batch=max_batch, measure=measure)


def _enlarging(measurer: "Measurer") -> "Measure":
    """Measures, and tells of pixels of the photo's file."""
    from edge.photo.enlargement import enlarged_centering

    return lambda image, quad, reference: enlarged_centering(measurer(image, quad, reference), measurer.reduction)


def _draw(path: Path, image: "Image", result: "PhotoResult", database: "CardDatabase") -> None:
    from edge.photo.overlay import draw_photo_result, write_png

    write_png(path, draw_photo_result(image, result, lambda card_id: database.details(card_id).name))


def _json(result: "PhotoResult") -> str:
    return json.dumps(result.model_dump(mode="json"))


def _table(result: "PhotoResult", database: "CardDatabase") -> Iterator[str]:
    """One line for the photo, one for each of its cards."""
    cards = f"{len(result.cards)} card{'' if len(result.cards) == 1 else 's'}" if result.cards else "no card"
    yield f"{result.image}: {cards} ({result.width} x {result.height} pixels)"
    if not result.calibrated:
        yield f"  {UNCALIBRATED}"
    for number, card in enumerate(result.cards, 1):
        yield f"  {number:3d}  {card.status.value:9}  {_answer(card, database)}"


def _answer(card: "CardResult", database: "CardDatabase") -> str:
    if not card.matches:
        return "the card database is empty"
    best = card.matches[0]
    details = database.details(best.card_id)
    nearest = "" if card.card_id is not None else "nearest: "
    probability = "   -  " if best.probability is None else f"{100 * best.probability:5.1f}%"
    named = f"{nearest}{details.name}, {details.set_name} {details.number} ({best.card_id})"
    return f"{probability}  {best.distance:.3f}  {named}{_printings(card)}"


def _printings(card: "CardResult") -> str:
    """The other printings that it may be."""
    others = [card_id for card_id in card.printings if card_id != card.matches[0].card_id]
    return f", or {', '.join(others)}: {card.printings_reason}" if others else ""
