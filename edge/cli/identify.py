"""`card-scanner identify`: the cards in photos."""

import argparse
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, new_command
from edge.cli.output import complain, write_line
from edge.config import load_settings
from edge.errors import ConfigurationError, ImageError, SourceError

if TYPE_CHECKING:
    from edge.config import Settings
    from edge.database import CardDatabase
    from edge.geometry import Image
    from edge.identification import CardResult, PhotoIdentifier, PhotoResult
    from edge.recognition import Recognizer

_EXAMPLES = """\
  card-scanner identify binder.jpg                      a table of the cards in one photo
  card-scanner identify photos/ --json > results.jsonl  one JSON object a photo, one photo a line
  card-scanner identify photos/ --overlay out/          pictures with the outlines and names drawn in

A card is confirmed, a candidate (close, but not close enough, or a look-alike that could not be told apart) or
unknown, by the thresholds of the card database. The exit code is 0 when every photo could be read, else 1."""

_log = logging.getLogger(__name__)


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(
        commands, common, "identify", "Say which cards are in photos. One photo may show many cards.", _EXAMPLES
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a photo, or a folder of photos")
    parser.add_argument("--database", type=Path, metavar="DIR", help="card database to search")
    parser.add_argument("--model", type=Path, metavar="FILE", help="embedding model (ONNX) of that database")
    parser.add_argument("--json", action="store_true", help="one JSON object a photo instead of a table")
    parser.add_argument(
        "--overlay", type=Path, metavar="DIR", help="also write DIR/<photo>.png with the cards drawn in"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.recognition import open_recognizer

    photos, failures = _collect(options.paths)
    overlays = _overlay_paths(options.overlay, photos)
    given = {"model": options.model, "database": options.database}
    chosen = {key: path for key, path in given.items() if path is not None}
    settings = load_settings(overrides={"recognition": chosen})
    if not photos:
        return 1
    with closing(open_recognizer(settings.recognition)) as recognizer:
        identifier, database = _identifier(settings, recognizer), recognizer.database
        for photo, image in _readable(photos, failures):
            result = identifier.identify(image, os.fsencode(photo).decode(errors="replace"))
            for line in [_json(result)] if options.json else _table(result, database):
                write_line(line)
            if photo in overlays:
                _draw(overlays[photo], image, result, database)
    return 1 if failures else 0


def _identifier(settings: "Settings", recognizer: "Recognizer") -> "PhotoIdentifier":
    from edge.detection import QuadDetector
    from edge.identification import PhotoIdentifier
    from edge.smoothing import effective_thresholds

    thresholds = effective_thresholds(recognizer.database.manifest.thresholds, settings.smoothing)
    return PhotoIdentifier(QuadDetector(), recognizer, thresholds, max_batch=settings.recognition.max_batch)


def _collect(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The photos at these paths, and the paths that hold none; each of those is complained about."""
    from edge.photos import list_photos

    photos: list[Path] = []
    failures: list[Path] = []
    for path in paths:
        try:
            photos += list_photos(path)
        except SourceError as error:
            failures.append(path)
            complain(str(error))
    return photos, failures


def _readable(photos: Sequence[Path], failures: list[Path]) -> Iterator[tuple[Path, "Image"]]:
    """Read photo after photo; one that cannot be read is complained about and added to `failures`."""
    from edge.photos import read_photo

    for number, photo in enumerate(photos, 1):
        _log.info("photo %d of %d: %s", number, len(photos), photo)
        try:
            image = read_photo(photo)
        except ImageError as error:
            failures.append(photo)
            complain(str(error))
        else:
            yield photo, image


def _overlay_paths(folder: Path | None, photos: Sequence[Path]) -> dict[Path, Path]:
    """Photo -> picture to write; photos of one name are told apart by a number.

    Raises:
        ConfigurationError: if the folder cannot be made.
    """
    if folder is None:
        return {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise ConfigurationError(f"--overlay: cannot make the folder {folder}: {cause.strerror}") from cause
    names: dict[str, Path] = {}
    for photo in dict.fromkeys(photos):
        name, number = photo.stem, 2
        while name in names:
            name, number = f"{photo.stem}-{number}", number + 1
        names[name] = photo
    return {photo: folder / f"{name}.png" for name, photo in names.items()}


def _draw(path: Path, image: "Image", result: "PhotoResult", database: "CardDatabase") -> None:
    from edge.overlay import draw_photo_result, write_png

    write_png(path, draw_photo_result(image, result, lambda card_id: database.details(card_id).name))


def _json(result: "PhotoResult") -> str:
    return json.dumps(result.model_dump(mode="json"))


def _table(result: "PhotoResult", database: "CardDatabase") -> Iterator[str]:
    """One line for the photo, one for each of its cards."""
    cards = f"{len(result.cards)} card{'' if len(result.cards) == 1 else 's'}" if result.cards else "no card"
    yield f"{result.image}: {cards} ({result.width} x {result.height} pixels)"
    for number, card in enumerate(result.cards, 1):
        yield f"  {number:3d}  {card.status.value:9}  {_answer(card, database)}"


def _answer(card: "CardResult", database: "CardDatabase") -> str:
    if not card.matches:
        return "the card database is empty"
    best = card.matches[0]
    details = database.details(best.card_id)
    nearest = "" if card.card_id is not None else "nearest: "
    return f"{best.distance:.3f}  {nearest}{details.name}, {details.set_name} {details.number} ({best.card_id})"
