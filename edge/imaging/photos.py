"""Finds the photos at a path, and reads single ones as the pipeline takes them."""

import logging
import re
from pathlib import Path

from edge.errors import ImageError, SourceError
from edge.files.outputs import PICTURE_MARK, carries
from edge.geometry import Image
from edge.imaging.decoding import Photo, decode

SUFFIXES = (".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
# layout: mid-grey, as far from white cards as from black ones.
TRANSPARENT_IS = 128
# layout: names in one line of the log.
_LISTED = 5

_log = logging.getLogger(__name__)


def list_photos(path: Path) -> list[Path]:
    """The photo at `path`, or the photos directly in that folder in natural order (2 before 10).

    What else is in the folder is named in the log with the reason, but for hidden files of other kinds.

    Raises:
        SourceError: if there is nothing at `path`, or no photo in the folder.
    """
    try:
        if not path.is_dir():
            path.stat()
            return [path]
        entries = sorted(path.iterdir(), key=lambda entry: natural_order(entry.name))
    except OSError as cause:
        raise ImageError(f"cannot read {path}: {cause.strerror}; is the path right?") from cause
    faults = {entry: _fault(entry) for entry in entries}
    for fault in dict.fromkeys(filter(None, faults.values())):
        names = [entry.name for entry in entries if faults[entry] == fault]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        _log.warning("%s: left out %s%s: %s", path, ", ".join(names[:_LISTED]), more, fault)
    photos = [entry for entry in entries if faults[entry] is None and entry.suffix.lower() in SUFFIXES]
    if not photos:
        raise SourceError(f"there are no photos in the folder {path}; put some there, as .jpg or .png")
    return photos


def natural_order(name: str) -> tuple[tuple[str, int], ...]:
    """Sorts names so that numbers in them count as numbers."""
    return tuple((text.lower(), int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name))


def decode_photo(path: Path) -> Photo:
    """Decode one photo as the pipeline takes it; transparent parts are laid on mid-grey.

    Raises:
        ImageError: if the file is missing, not an image, truncated, too small or too large.
    """
    return decode(path, TRANSPARENT_IS)


def read_photo(path: Path) -> Image:
    """The pixels of `decode_photo`, uint8 [h, w, 3] BGR; raises as it does."""
    return decode_photo(path).image


def _fault(entry: Path) -> str | None:
    """Why an entry of a folder is left out; None for a photo, and for what nobody takes for one."""
    photo_by_name, hidden = entry.suffix.lower() in SUFFIXES, entry.name.startswith(".")
    if hidden:
        return "hidden" if photo_by_name else None
    if entry.is_dir():
        return "a folder in the folder; give it by its own path"
    if not photo_by_name:
        return "no photo by the end of its name"
    if not entry.is_file():
        return "not a regular file"
    return "a picture that card-scanner drew" if carries(entry, PICTURE_MARK) else None
