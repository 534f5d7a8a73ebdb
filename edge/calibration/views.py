"""Pictures of the board: from photos, and chosen from the frames of a live source."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import SupportsFloat

import numpy as np
import PIL.ExifTags

from edge.calibration.board import BoardView, find_board
from edge.calibration.solving import MIN_CORNERS
from edge.errors import ImageError
from edge.geometry import Image
from edge.imaging.decoding import opened
from edge.sources import FrameSource

# chosen: another view counts when the corners it shares with each earlier one have moved by this share of the picture.
MIN_NEW_SHARE = 0.06

_log = logging.getLogger(__name__)


def camera_of(photo: Path) -> tuple[str | None, str | None]:
    """Camera and focal length that a photo's EXIF data name, each None where they do not."""
    try:
        with opened(photo) as file:
            exif = file.getexif()
            named = (exif.get(PIL.ExifTags.Base.Make), exif.get(PIL.ExifTags.Base.Model))
            focal = exif.get_ifd(PIL.ExifTags.IFD.Exif).get(PIL.ExifTags.Base.FocalLength)
    except ImageError as cause:
        _log.warning("the camera and its focal length are not known: %s", cause)
        return None, None
    camera = " ".join(str(part).strip("\0 ") for part in named if part)
    return camera or None, f"{float(focal):.2f} mm" if isinstance(focal, SupportsFloat) and focal else None


def live_views(source: FrameSource) -> Iterator[tuple[Image, BoardView]]:
    """Frames of a source in which the board is seen from another place than before."""
    kept: list[BoardView] = []
    while (frame := source.read()) is not None:
        found = find_board(frame.image)
        if found is not None and len(found.ids) >= MIN_CORNERS and is_new(found, kept, frame.image.shape[1]):
            kept.append(found)
            yield frame.image, found


def is_new(view: BoardView, kept: Sequence[BoardView], width: int) -> bool:
    """Whether a view shows the board elsewhere, or turned, against every view that was kept."""
    return all(_moved_px(view, other) > MIN_NEW_SHARE * width for other in kept)


def _moved_px(first: BoardView, second: BoardView) -> float:
    """Median distance between the corners that both views show; infinite where they share none."""
    common, at, there = np.intersect1d(first.ids, second.ids, return_indices=True)
    if len(common) == 0:
        return float("inf")
    return float(np.median(np.linalg.norm(first.points_px[at] - second.points_px[there], axis=1)))
