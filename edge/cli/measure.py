"""`card-scanner measure`: the centering of the cards in photos."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, new_command
from edge.cli.measuring import add_measuring, open_measuring
from edge.cli.output import write_line
from edge.cli.photos import collect_photos, overlay_paths, readable_photos
from edge.files.paths import named_path

if TYPE_CHECKING:
    from edge.centering import Centering
    from edge.centering.result import Registration
    from edge.geometry import Image
    from edge.imaging.decoding import Photo
    from edge.photo.identification import IdentifiedCard
    from edge.wire.measured_photo import MeasuredCard

_EXAMPLES = """\
  card-scanner measure card.jpg                       borders, ratios and the grades they allow
  card-scanner measure photos/ --json > report.jsonl  one JSON object a photo, with all 24 points of each card
  card-scanner measure card.jpg --overlay out/        a picture of each card with the points drawn in
  card-scanner measure card.jpg --database database/demo
                                                      also by each card's reference picture: borderless cards too
  card-scanner measure back.jpg --face back           a card's back, by the tolerances for backs

A card that cannot be measured is listed with the reason. Ranges are 95 % intervals. The exit code is 0 when every
photo could be read, else 1."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(
        commands, common, "measure", "Measure how well cards in photos are centred. Needs no card database.", _EXAMPLES
    )
    parser.add_argument("paths", nargs="+", type=named_path, metavar="PATH", help="a photo, or a folder of photos")
    parser.add_argument("--json", action="store_true", help="one JSON object a photo instead of text")
    parser.add_argument(
        "--overlay",
        type=named_path,
        metavar="DIR",
        help="also write DIR/<photo>-<number>.png, each card with its points",
    )
    parser.add_argument("--face", choices=("front", "back"), default="front", help="which tolerances apply")
    add_measuring(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    photos, failures = collect_photos(options.paths)
    overlays = overlay_paths(options.overlay, photos)
    with open_measuring(options, options.face) as measuring:
        for path, photo in readable_photos(photos, failures):
            found = measuring.cards(path, photo)
            cards, measured = [card for card, _ in found], [centering for _, centering in found]
            name = os.fsencode(path).decode(errors="replace")
            for line in [_json(name, photo, cards, measured)] if options.json else _text(name, cards, measured):
                write_line(line)
            if path in overlays:
                _draw(overlays[path], photo.image, measured)
            del photo
    return 1 if failures else 0


def _json(name: str, photo: "Photo", cards: Sequence["IdentifiedCard"], measured: Sequence["Centering"]) -> str:
    from edge.wire.measured_photo import MeasuredPhoto

    listed = [_card_json(card, centering, photo.reduction) for card, centering in zip(cards, measured, strict=True)]
    report = MeasuredPhoto(image=name, width=photo.width, height=photo.height, cards=listed)
    return json.dumps(report.model_dump(mode="json"))


def _card_json(card: "IdentifiedCard", centering: "Centering", reduction: int) -> "MeasuredCard":
    from edge.centering import centering_report
    from edge.photo.enlargement import enlarged_centering, enlarged_points
    from edge.wire.measured_photo import MeasuredCard

    corners = enlarged_points(card.quad if centering.quad is None else centering.quad, reduction)
    return MeasuredCard(
        corners=[(round(float(x), 3), round(float(y), 3)) for x, y in corners],
        card_id=card.card_id,
        centering=centering_report(enlarged_centering(centering, reduction)),
    )


def _text(name: str, cards: Sequence["IdentifiedCard"], measured: Sequence["Centering"]) -> Iterator[str]:
    yield f"{name}: {len(measured)} card{'' if len(measured) == 1 else 's'}" if measured else f"{name}: no card"
    for number, (card, centering) in enumerate(zip(cards, measured, strict=True), 1):
        yield from _card_text(number, centering)
        if card.card_id is not None:
            yield f"       identified as {card.card_id}"
        if centering.registration is not None:
            yield from _registration_text(centering.registration)
        elif card.card_id is not None and centering.registration_reason is not None:
            yield f"       not registered: {centering.registration_reason}"
        yield from (f"       {note}" for note in centering.notes)


def _card_text(number: int, centering: "Centering") -> Iterator[str]:
    found = centering.figures
    if found is None:
        yield f"  {number:3d}  not measured: {centering.reason}"
        return
    borders = "  ".join(f"{side} {each.value:.2f}±{2 * each.std:.2f}" for side, each in found.borders_mm.items())
    grades = "  ".join(f"{name} {g.title} ({g.probability:.0%})" for name, g in found.grades.items())
    balances = ", ".join(
        f"{what} {each.ratio[0]:.1f}/{each.ratio[1]:.1f} ±{2 * each.std:.1f}"
        for what, each in (("left/right", found.left_right), ("top/bottom", found.top_bottom))
    )
    yield f"  {number:3d}  {balances}"
    yield f"       borders in mm: {borders}"
    if grades:
        yield f"       centering alone allows: {grades}"


def _registration_text(found: "Registration") -> Iterator[str]:
    from edge.centering.result import EQUIVALENT_BORDER_MM

    right, down = found.shift_mm
    yield (
        f"       print against its reference picture: {right.value:+.2f}±{2 * right.std:.2f} mm to the right, "
        f"{down.value:+.2f}±{2 * down.std:.2f} mm down, turned {found.rotation_deg.value:+.2f}±"
        f"{2 * found.rotation_deg.std:.2f} degrees"
    )
    if found.equivalent is not None:
        across, along = found.equivalent
        yield (
            f"       as much as left/right {across.first:.1f}/{across.ratio[1]:.1f} ±{2 * across.std:.1f}, top/bottom "
            f"{along.first:.1f}/{along.ratio[1]:.1f} ±{2 * along.std:.1f} of borders of {EQUIVALENT_BORDER_MM:.0f} mm"
        )
    if found.left_right is not None and found.top_bottom is not None:
        yield (
            f"       by the reference: left/right {found.left_right.first:.1f}/{found.left_right.ratio[1]:.1f} "
            f"±{2 * found.left_right.std:.1f}, top/bottom {found.top_bottom.first:.1f}/"
            f"{found.top_bottom.ratio[1]:.1f} ±{2 * found.top_bottom.std:.1f}"
        )


def _draw(path: Path, image: "Image", measured: Sequence["Centering"]) -> None:
    from edge.centering.figures.drawing import draw_centering
    from edge.photo.overlay import write_png

    for number, centering in enumerate(measured, 1):
        write_png(path.with_name(f"{path.stem}-{number}.png"), draw_centering(image, centering))
