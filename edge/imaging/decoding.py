"""Decodes the pictures that a user gives, photos and card images alike, whatever a phone, scanner or editor wrote."""

import importlib
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import cv2
import numpy as np
import PIL.ExifTags
import PIL.Image
from numpy.typing import NDArray

from edge.errors import ImageError
from edge.files.regular_files import open_regular
from edge.geometry import MIN_PICTURE_PX, Image

# geometry: whole multiples of a pixel; those of libjpeg, which reduces on the way.
_REDUCTIONS = (1, 2, 4, 8)
# physics: 192 MB as BGR; larger photos are decoded at a half, a quarter or an eighth of their size along each side.
MAX_DECODED_PIXELS = 64_000_000
# physics: the most pixels of a file, so that decoding it takes at most 900 MB, measured with Pillow 13: 5 to 6 bytes a
# pixel for PNG and TIFF, 16 for WebP, 10 for AVIF, 8 for HEIC, which are decoded whole; 2 for JPEG, which is reduced on
# the way, and 4 where it is progressive.
MAX_PIXELS = {
    "JPEG": 210_000_000,
    "MPO": 210_000_000,
    "BMP": 140_000_000,
    "GIF": 140_000_000,
    "PNG": 140_000_000,
    "TIFF": 140_000_000,
    "AVIF": 80_000_000,
    "HEIF": 110_000_000,
    "WEBP": 50_000_000,
}
HEIC_PACKAGE = "pillow-heif"
# Named, because Pillow would also start Ghostscript for an EPS that is called .jpg.
_DECODERS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
# layout: of ISO/IEC 14496-12: the box ftyp with its brands, as far as files have them.
_HEIC_HEAD = 32
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# physics: at 10,000 pixels a row, a strip of 4 MB stands beside the picture.
_STRIP_ROWS = 128
# geometry: EXIF orientation (Exif 3.0, tag 0x0112) -> steps along the turned picture's columns and rows that lead as
# the file does; without an entry it is upright. Of four, rows and columns are swapped as well.
_STEPS: Mapping[object, tuple[int, int]] = {
    2: (1, -1),
    3: (-1, -1),
    4: (-1, 1),
    5: (1, 1),
    6: (1, -1),
    7: (-1, -1),
    8: (-1, 1),
}
_TURNED_ASIDE = (5, 6, 7, 8)
# geometry: 65,535 levels of 16 bits are 255 of 8 bits.
_LEVELS_PER_LEVEL = 257

# Pillow's own limit is one for all kinds of files and refuses the photos of telephones; MAX_PIXELS stands for it.
PIL.Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """A picture, turned as its EXIF orientation says.

    Attributes:
        image: uint8 [h, w, 3] BGR, or [h, w, 4] BGRA where it has transparent parts that were not laid on a backdrop.
        width: of the picture in its file, in pixels.
        height: of the picture in its file, in pixels.
        reduction: pixels of the file for each pixel of `image`, along both sides: 1, 2, 4 or 8.
    """

    image: NDArray[np.uint8]
    width: int
    height: int
    reduction: int


def decode(path: Path, backdrop: int | None) -> Photo:
    """Decode a picture; grey, palette, CMYK and 16-bit ones are converted, of an animated one the first is taken.

    A file that ends too early is refused, even where its first part could be shown: a card in the missing part would
    be missed.

    Args:
        path: of the picture.
        backdrop: grey level, 0 to 255, that transparent parts are laid on; None keeps them transparent.

    Raises:
        ImageError: if the file is missing, not a picture, damaged, too small or too large.
    """
    with opened(path) as file:
        reduction = _reduction(path, file)
        width, height = file.size
        size = (width // reduction, height // reduction)
        if reduction > 1:
            file.draft(None, size)
        file.load()
        # Not before: the decoder of TIFF turns the pixels itself, and then says so.
        orientation = file.getexif().get(PIL.ExifTags.Base.Orientation)
        image = _pixels(path, file, size, orientation, backdrop)
    if orientation in _TURNED_ASIDE:
        width, height = height, width
    return Photo(image=image, width=width, height=height, reduction=reduction)


@contextmanager
def opened(path: Path) -> Iterator[PIL.Image.Image]:
    """Open a picture without decoding it; whatever a decoder raises below becomes an ImageError.

    Raises:
        ImageError: if the file is missing, not a picture, or damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            with open_regular(path) as stream:
                decoders = [_heic_decoder(path)] if _is_heic(stream) else _DECODERS
                with PIL.Image.open(stream, formats=decoders) as file:
                    yield file
    except ImageError:
        raise
    except PIL.UnidentifiedImageError as cause:
        raise ImageError(f"{path} is not a photo of a known kind; convert it to JPEG or PNG") from cause
    except MemoryError as cause:
        raise ImageError(f"{path} does not fit into memory; make it smaller") from cause
    except OSError as cause:
        if cause.errno is not None:
            raise ImageError(f"cannot read {path}: {cause.strerror}; is the path right?") from cause
        raise _damaged(path, cause) from cause
    except Exception as cause:
        raise _damaged(path, cause) from cause


def _damaged(path: Path, cause: Exception) -> ImageError:
    told = " ".join(str(cause).split()) or type(cause).__name__
    return ImageError(f"{path} is damaged or incomplete ({told}); copy it again")


def _is_heic(stream: BufferedReader) -> bool:
    """Whether a file says at its start that it is HEIC, which Pillow alone does not read."""
    start = stream.read(_HEIC_HEAD)
    stream.seek(0)
    return start[4:].startswith(tuple(b"ftyp" + brand for brand in _HEIC_BRANDS)) and b"avif" not in start


def _heic_decoder(path: Path) -> str:
    """Pillow's name of the decoder of HEIC, made known to it."""
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError as cause:
        raise ImageError(
            f"{path} is a HEIC photo, for which {HEIC_PACKAGE} is missing: {sys.executable} -m pip install "
            f"{HEIC_PACKAGE}, or set the telephone to take JPEG"
        ) from cause
    return "HEIF"


def _reduction(path: Path, file: PIL.Image.Image) -> int:
    """The part of its size at which a picture is decoded: 1, or 1 of 2, 4 or 8 pixels along each side.

    Raises:
        ImageError: if the picture is too small to show a card, or too large to be decoded.
    """
    if min(file.size) < MIN_PICTURE_PX:
        raise ImageError(f"{path} has {file.width} x {file.height} pixels, too few to show a card; give a larger photo")
    pixels, limit = file.width * file.height, MAX_PIXELS[file.format or ""]
    if pixels > limit:
        raise ImageError(
            f"{path} is too large: {pixels / 1e6:.0f} megapixels, and {limit // 1_000_000} at most can be read as "
            f"{file.format}; make it smaller"
        )
    return next(each for each in _REDUCTIONS if pixels <= MAX_DECODED_PIXELS * each**2)


def _pixels(
    path: Path, file: PIL.Image.Image, size: tuple[int, int], orientation: object, backdrop: int | None
) -> NDArray[np.uint8]:
    """The pixels of a decoded picture, reduced to `size` and turned, strip by strip: no second copy of it is made."""
    channels = 4 if file.has_transparency_data and backdrop is None else 3
    (width, height), reduction = size, file.width // size[0]
    turned = np.empty((*(size if orientation in _TURNED_ASIDE else size[::-1]), channels), np.uint8)
    as_stored = _as_stored(turned, orientation)
    for row in range(0, height, _STRIP_ROWS):
        rows = min(_STRIP_ROWS, height - row)
        strip = file.crop((0, row * reduction, width * reduction, (row + rows) * reduction))
        colours = _colours(path, strip, backdrop)
        if reduction > 1:
            colours = np.asarray(cv2.resize(colours, (width, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        as_stored[row : row + rows] = colours
    return turned


def _as_stored(turned: NDArray[np.uint8], orientation: object) -> NDArray[np.uint8]:
    """A view of turned pixels [h, w, c] in which they lie as in a file with this EXIF orientation."""
    down, right = _STEPS.get(orientation, (1, 1))
    view = turned[::down, ::right]
    return view.transpose(1, 0, 2) if orientation in _TURNED_ASIDE else view


def _colours(path: Path, strip: PIL.Image.Image, backdrop: int | None) -> NDArray[np.uint8]:
    """BGR or, where it is transparent and there is no backdrop, BGRA."""
    if strip.mode.startswith(("I", "F")):
        return np.asarray(cv2.cvtColor(_eight_bits(path, strip), cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if not strip.has_transparency_data:
        return np.asarray(cv2.cvtColor(np.asarray(strip.convert("RGB")), cv2.COLOR_RGB2BGR), dtype=np.uint8)
    strip = strip.convert("RGBA")
    if backdrop is None:
        return np.asarray(cv2.cvtColor(np.asarray(strip), cv2.COLOR_RGBA2BGRA), dtype=np.uint8)
    behind = PIL.Image.new("RGBA", strip.size, (backdrop, backdrop, backdrop, 255))
    laid = np.asarray(PIL.Image.alpha_composite(behind, strip))
    return np.asarray(cv2.cvtColor(laid, cv2.COLOR_RGBA2BGR), dtype=np.uint8)


def _eight_bits(path: Path, grey: PIL.Image.Image) -> Image:
    """A grey image of 16 or 32 bits; whole numbers span 0 to 65535, as PNG and TIFF store them."""
    if grey.mode == "F":
        raise ImageError(f"{path} holds floating-point pixels; convert it to JPEG or PNG")
    levels = np.asarray(grey).astype(np.float32) / _LEVELS_PER_LEVEL
    return np.asarray(np.clip(np.rint(levels), 0, 255), dtype=np.uint8)
