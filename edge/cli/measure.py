"""`card-scanner measure`: the centering of the cards in photos."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, new_command
from edge.cli.output import write_line
from edge.cli.photos import collect_photos, overlay_paths, readable_photos

if TYPE_CHECKING:
    from edge.centering import Centering
    from edge.centering.grading import GradingTables
    from edge.geometry import Image, Quad

_EXAMPLES = """\
  card-scanner measure card.jpg                       borders, ratios and the grades they allow
  card-scanner measure photos/ --json > report.jsonl  one JSON object a photo, with all 24 points of each card
  card-scanner measure card.jpg --overlay out/        a picture of each card with the points drawn in
  card-scanner measure back.jpg --face back           a card's back, by the tolerances for backs

A card that cannot be measured is listed with the reason. Ranges are 95 % intervals. The exit code is 0 when every
photo could be read, else 1."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(
        commands, common, "measure", "Measure how well cards in photos are centred. Needs no card database.", _EXAMPLES
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a photo, or a folder of photos")
    parser.add_argument("--json", action="store_true", help="one JSON object a photo instead of text")
    parser.add_argument(
        "--overlay", type=Path, metavar="DIR", help="also write DIR/<photo>-<number>.png, each card with its points"
    )
    parser.add_argument("--face", choices=("front", "back"), default="front", help="which tolerances apply")
    parser.add_argument(
        "--tolerances",
        type=Path,
        metavar="FILE",
        help="grading tables of your own, laid out as edge/centering/grading.json",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.centering import measure
    from edge.centering.grading import read_tables
    from edge.detection import CardDetector

    photos, failures = collect_photos(options.paths)
    overlays = overlay_paths(options.overlay, photos)
    tables: GradingTables | None = None if options.tolerances is None else read_tables(options.tolerances)
    detector = CardDetector()
    for photo, image in readable_photos(photos, failures):
        quads = [detection.quad for detection in detector.detect(image)]
        measured = [measure(image, quad, options.face, tables) for quad in quads]
        name = os.fsencode(photo).decode(errors="replace")
        for line in [_json(name, image, quads, measured)] if options.json else _text(name, measured):
            write_line(line)
        if photo in overlays:
            _draw(overlays[photo], image, measured)
    return 1 if failures else 0


def _json(name: str, image: "Image", quads: Sequence["Quad"], measured: Sequence["Centering"]) -> str:
    cards = [
        {
            "corners": [[round(float(x), 3), round(float(y), 3)] for x, y in (quad if c.quad is None else c.quad)],
            "centering": c.to_json(),
        }
        for quad, c in zip(quads, measured, strict=True)
    ]
    return json.dumps({"image": name, "width": image.shape[1], "height": image.shape[0], "cards": cards})


def _text(name: str, measured: Sequence["Centering"]) -> Iterator[str]:
    cards = f"{len(measured)} card{'' if len(measured) == 1 else 's'}" if measured else "no card"
    yield f"{name}: {cards}"
    for number, centering in enumerate(measured, 1):
        yield from _card_text(number, centering)


def _card_text(number: int, centering: "Centering") -> Iterator[str]:
    found = centering.figures
    if found is None:
        yield f"  {number:3d}  not measured: {centering.reason}"
        return
    borders = "  ".join(f"{side} {each.value:.2f}±{2 * each.std:.2f}" for side, each in found.borders_mm.items())
    grades = "  ".join(f"{name} {g.best or 'none'} ({g.probability:.0%})" for name, g in found.grades.items())
    balances = ", ".join(
        f"{what} {each.ratio[0]:.1f}/{each.ratio[1]:.1f} ±{2 * each.std:.1f}"
        for what, each in (("left/right", found.left_right), ("top/bottom", found.top_bottom))
    )
    yield f"  {number:3d}  {balances}"
    yield f"       borders in mm: {borders}"
    yield f"       centering alone allows: {grades}"
    for note in centering.notes:
        yield f"       {note}"


def _draw(path: Path, image: "Image", measured: Sequence["Centering"]) -> None:
    from edge.centering.drawing import draw_centering
    from edge.overlay import write_png

    for number, centering in enumerate(measured, 1):
        write_png(path.with_name(f"{path.stem}-{number}.png"), draw_centering(image, centering))
