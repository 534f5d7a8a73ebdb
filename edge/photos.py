"""Reads single photos as the pipeline takes them, whatever a phone, scanner or editor wrote."""

import re
import warnings
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from edge.errors import ImageError, SourceError
from edge.geometry import Image

SUFFIXES = (".avif", ".bmp", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
MIN_SIDE_PX = 24
_TRANSPARENT_IS = 128


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


def read_photo(path: Path) -> Image:
    """Read one photo, turned as its EXIF orientation says; grey, palette, 16-bit and transparent ones are converted.

    Transparent parts are laid on mid-grey. A file that ends too early is refused, even where its first part could be
    shown: a card in the missing part would be missed.

    Returns:
        uint8 [height, width, 3] BGR, both sides at least 24 pixels.

    Raises:
        ImageError: if the file is missing, not an image, truncated, too small or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
            with PIL.Image.open(path) as photo:
                return _pixels(path, PIL.ImageOps.exif_transpose(photo))
    except PIL.UnidentifiedImageError as cause:
        raise ImageError(f"{path} is not a photo of a known kind; convert it to JPEG or PNG") from cause
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as cause:
        raise ImageError(f"{path} is too large ({_limit_mp()} megapixels at most); make it smaller") from cause
    except OSError as cause:
        if cause.errno is not None:
            raise ImageError(f"cannot read {path}: {cause.strerror}; is the path right?") from cause
        raise ImageError(f"{path} is damaged or incomplete ({cause}); copy it again") from cause
    except (SyntaxError, ValueError, MemoryError) as cause:
        raise ImageError(f"{path} is damaged ({str(cause) or 'not enough memory'}); copy it again") from cause


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")


def _limit_mp() -> int:
    return (PIL.Image.MAX_IMAGE_PIXELS or 0) // 1_000_000


def _pixels(path: Path, photo: PIL.Image.Image) -> Image:
    if min(photo.size) < MIN_SIDE_PX:
        raise ImageError(
            f"{path} has {photo.width} x {photo.height} pixels, too few to show a card; give a larger photo"
        )
    if photo.mode.startswith(("I", "F")):
        return np.asarray(cv2.cvtColor(_eight_bits(path, photo), cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if photo.has_transparency_data:
        backdrop = PIL.Image.new("RGBA", photo.size, (_TRANSPARENT_IS, _TRANSPARENT_IS, _TRANSPARENT_IS, 255))
        photo = PIL.Image.alpha_composite(backdrop, photo.convert("RGBA"))
    return np.asarray(cv2.cvtColor(np.asarray(photo.convert("RGB")), cv2.COLOR_RGB2BGR), dtype=np.uint8)


def _eight_bits(path: Path, photo: PIL.Image.Image) -> NDArray[np.uint8]:
    """A grey image of 16 or 32 bits; whole numbers span 0 to 65535, as PNG and TIFF store them."""
    if photo.mode == "F":
        raise ImageError(f"{path} holds floating-point pixels; convert it to JPEG or PNG")
    grey = np.asarray(photo).astype(np.float32) / 257
    return np.asarray(np.clip(np.rint(grey), 0, 255), dtype=np.uint8)
