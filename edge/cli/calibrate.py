"""`card-scanner calibrate`: the board to print, and a camera's calibration from pictures of it."""

import argparse
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, new_command, seconds
from edge.cli.output import write_line
from edge.cli.photos import collect_photos, readable_photos
from edge.errors import ConfigurationError
from edge.files.paths import named_path

if TYPE_CHECKING:
    from edge.calibration import Calibration
    from edge.calibration.board import BoardView
    from edge.calibration.solving import Picture

_EXAMPLES = """\
  card-scanner calibrate --board board.pdf                   the board to print, on A4; --paper letter for Letter
  card-scanner calibrate photos/ --output camera.json        from 10 or more photos of the printed board
  card-scanner calibrate --source v4l2:/dev/video0 --output camera.json --focus "locked at 30 cm"
                                                             live: move and tilt the board before the camera
  card-scanner measure card.jpg --calibration camera.json

Show the board in every part of the picture, and tilted to different sides in some pictures. A calibration holds for one
camera at one resolution, zoom and focus. The daemon uses the one that the setting centering.calibration names."""

_log = logging.getLogger(__name__)


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(
        commands, common, "calibrate", "Calibrate a camera's lens with a printed board, for measuring.", _EXAMPLES
    )
    parser.add_argument(
        "paths", nargs="*", type=named_path, metavar="PATH", help="a photo of the board, or a folder of them"
    )
    parser.add_argument(
        "--board", type=named_path, metavar="FILE", help="write the board as a PDF, and do nothing else"
    )
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4", help="of the board (default: a4)")
    parser.add_argument("--source", metavar="SOURCE", help="take pictures from this source, as the daemon's --source")
    parser.add_argument(
        "--seconds", type=seconds, default=120.0, help="how long to take pictures from a source (default: 120)"
    )
    parser.add_argument("--focus", metavar="TEXT", help="how the lens is set, kept with the calibration")
    parser.add_argument("--output", type=named_path, metavar="FILE", help="where to write the calibration (JSON)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.calibration import write_calibration
    from edge.calibration.solving import calibrate
    from edge.calibration.stored import CALIBRATION_MARK
    from edge.files.outputs import check_replaceable

    if options.board is not None:
        return _write_board(options.board, options.paper)
    if options.output is None:
        raise ConfigurationError(
            "--output FILE is needed: where to write the calibration; --board FILE writes the board"
        )
    if bool(options.paths) == (options.source is not None):
        raise ConfigurationError("give photos of the board, or --source, one of them")
    check_replaceable(options.output, CALIBRATION_MARK)
    views, picture = _live(options) if options.source is not None else _from_photos(options)
    found = calibrate(views, picture)
    write_calibration(options.output, found)
    _tell(found, options.output)
    return 0


def _write_board(path: Path, paper: str) -> int:
    from edge.calibration.pdf import BOARD_MARK, board_pdf
    from edge.files.outputs import check_replaceable

    check_replaceable(path, BOARD_MARK)
    try:
        path.write_bytes(board_pdf(paper))
    except OSError as cause:
        raise ConfigurationError(f"--board: cannot write {path}: {cause.strerror}") from cause
    write_line(f"{path}: print it at 100 % on {paper.capitalize()} paper and glue it onto something flat")
    return 0


def _from_photos(options: argparse.Namespace) -> "tuple[list[BoardView], Picture]":
    from edge.calibration.board import find_board
    from edge.calibration.solving import Picture
    from edge.imaging.exif import camera_of
    from edge.photo.enlargement import enlarged_points

    photos, failures = collect_photos(options.paths)
    views: list[BoardView] = []
    pictures: dict[Picture, Path] = {}
    for path, photo in readable_photos(photos, failures):
        found = find_board(photo.image)
        write_line(f"{path}: {'no board' if found is None else f'{len(found.ids)} corners'}")
        if found is not None:
            sensor, focus = camera_of(path)
            taken = Picture(width=photo.width, height=photo.height, sensor=sensor, focus=options.focus or focus)
            pictures.setdefault(taken, path)
            views.append(replace(found, points_px=enlarged_points(found.points_px, photo.reduction)))
        del photo
    if len(pictures) > 1:
        first, second = list(pictures.values())[:2]
        raise ConfigurationError(
            f"{first} and {second} differ in size, camera or focal length; give photos of one camera at one setting"
        )
    return views, next(iter(pictures), Picture(width=1, height=1))


def _live(options: argparse.Namespace) -> "tuple[list[BoardView], Picture]":
    from edge.calibration.solving import Picture, missing_parts
    from edge.calibration.views import live_views
    from edge.settings.settings import load_settings
    from edge.sources import open_source

    settings = load_settings(overrides={"source": {"spec": options.source}})
    source = open_source(settings.source, settings.camera, settings.imx500)
    views: list[BoardView] = []
    picture, end = Picture(width=1, height=1), time.monotonic() + options.seconds
    try:
        for image, view in live_views(source):
            views.append(view)
            height, width = image.shape[:2]
            picture = Picture(width=width, height=height, sensor=options.source, focus=options.focus)
            missing = missing_parts(views, width, height)
            write_line(f"picture {len(views)}: {len(view.ids)} corners; still missing: {missing or 'nothing'}")
            if time.monotonic() > end:
                break
    finally:
        source.close()
    return views, picture


def _tell(found: "Calibration", path: Path) -> None:
    k1, k2, p1, p2, _ = found.coefficients
    write_line(
        f"{path}: {found.sensor or 'a camera without a name'}, {found.width} x {found.height} pixels, "
        f"focus {found.focus or 'not told'}"
    )
    write_line(
        f"  reprojection error {found.reprojection_error_px:.3f} pixels over {found.views} pictures, corners seen in "
        f"{found.coverage:.0%} of the picture"
    )
    write_line(
        f"  focal length {found.focal_px[0]:.1f} x {found.focal_px[1]:.1f} pixels, principal point "
        f"({found.centre_px[0]:.1f}, {found.centre_px[1]:.1f}), k1 {k1:+.4f}, k2 {k2:+.4f}, p1 {p1:+.5f}, p2 {p2:+.5f}"
    )
