"""Finds the photos at a path, and reads single ones as the pipeline takes them."""

import re
from pathlib import Path

from edge.decoding import Photo, decode
from edge.errors import ImageError, SourceError
from edge.geometry import Image

SUFFIXES = (".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
TRANSPARENT_IS = 128


def list_photos(path: Path) -> list[Path]:
    """The photo at `path`, or the photos directly in that folder in natural order (2 before 10).

    Raises:
        SourceError: if there is nothing at `path`, or no photo in the folder.
    """
    try:
        if not path.is_dir():
            path.stat()
            return [path]
        photos = [entry for entry in path.iterdir() if _is_photo(entry)]
    except OSError as cause:
        raise ImageError(f"cannot read {path}: {cause.strerror}; is the path right?") from cause
    if not photos:
        raise SourceError(f"there are no photos in the folder {path}; put some there, as .jpg or .png")
    return sorted(photos, key=lambda photo: natural_order(photo.name))


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


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
