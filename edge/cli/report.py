"""`card-scanner report`: all that is known of one card's centering, front and back, on one page."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.cli.arguments import Commands, new_command
from edge.cli.measuring import Measuring, add_measuring, open_measuring
from edge.cli.output import check_new_file, write_line, write_new
from edge.errors import ImageError
from edge.files.paths import named_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.centering import Centering
    from edge.centering.figures.grading import GradingTables
    from edge.export.one_card import ReportedFace
    from edge.geometry import Image
    from edge.photo.identification import IdentifiedCard
    from edge.wire.centering import GradeReport
    from edge.wire.messages import CardDetails

_EXAMPLES = """\
  card-scanner report card.jpg --output report.html                  picture, borders, 24 places, grades with chances
  card-scanner report front.jpg --back back.jpg --output report.html both sides of one card
  card-scanner report card.jpg --database database/demo --output report.html
                                                                     with the card's name, compared with its reference

The file is whole in itself: open it in a browser, which prints it to one page. Each photo shows one card."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(
        commands, common, "report", "Write a report on one card's centering, to look at and to print.", _EXAMPLES
    )
    parser.add_argument("front", type=named_path, metavar="PHOTO", help="of the card's front")
    parser.add_argument(
        "--back", type=named_path, metavar="PHOTO", help="of its back, judged by the tolerances for backs"
    )
    parser.add_argument("--output", type=named_path, metavar="FILE", required=True, help="a new HTML file")
    add_measuring(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.database.bundle import read_metadata
    from edge.export.one_card import CardReport, write_report

    check_new_file(options.output)
    with open_measuring(options, "front") as measuring:
        card, front, found = _face(measuring, options.front, "front")
        faces = [front]
        details = None
        if card.card_id is not None:
            details = read_metadata(measuring.settings.recognition.database).get(card.card_id)
    together: Mapping[str, GradeReport] = {}
    if options.back is not None:
        with open_measuring(options, "back") as measuring:
            _, back, other = _face(measuring, options.back, "back")
            faces.append(back)
            together = _together(found, other, measuring.measurer.setup.tables)
    name = card.card_id or options.front.name
    report = CardReport(
        name=name if details is None else details.name,
        place="" if details is None else _place(details),
        facts=[f"Photos: {', '.join(path.name for path in (options.front, options.back) if path is not None)}"],
        faces=faces,
        together=together,
    )
    write_new(options.output, write_report(report))
    write_line(f"{options.output} is written: open it in a browser")
    return 0


def _place(details: "CardDetails") -> str:
    return f"{details.set_name} · {details.number}"


def _together(front: "Centering", back: "Centering", tables: "GradingTables | None") -> "Mapping[str, GradeReport]":
    """What the centering of both faces allows; nothing where one of them has no grade."""
    from edge.centering.figures.grading import grade_chances_of_both, shipped_tables
    from edge.centering.figures.report import grade_reports

    one, other = front.figures, back.figures
    if one is None or other is None or not one.grades or not other.grades:
        return {}
    shares = (one.left_right, one.top_bottom), (other.left_right, other.top_bottom)
    return grade_reports(grade_chances_of_both(tables or shipped_tables(), *shares))


def _face(
    measuring: Measuring, path: Path, face: Literal["front", "back"]
) -> tuple["IdentifiedCard", "ReportedFace", "Centering"]:
    from edge.centering import centering_report
    from edge.export.one_card import ReportedFace
    from edge.imaging.photos import decode_photo

    photo = decode_photo(path)
    found = measuring.cards(path, photo)
    if len(found) != 1:
        raise ImageError(
            f"{path} shows {len(found) or 'no'} card{'s' * (len(found) > 1)}; a report is on one: photograph it alone"
        )
    card, centering = found[0]
    picture = _picture(photo.image, card, centering)
    return card, ReportedFace(face=face, picture=picture, centering=centering_report(centering)), centering


def _picture(image: "Image", card: "IdentifiedCard", centering: "Centering") -> bytes:
    from edge.imaging.rectification import rectified_jpeg

    return rectified_jpeg(image, card.quad if centering.quad is None else centering.quad)
