"""Card images that a database is built from: a folder of scans, or the simulated game."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from edge.decoding import decode
from edge.errors import ConfigurationError, ImageError
from edge.geometry import CARD_ASPECT, CORNER_RADIUS_MM, Image
from edge.messages import CardDetails
from edge.rectification import RECTIFIED_HEIGHT, RECTIFIED_PX_PER_MM, RECTIFIED_WIDTH
from edge.simulator.card import render_back, render_card
from edge.simulator.sets import CardSpec, demo_cards
from edge.validation import first_fault

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
NAME_PATTERN = "{set_id}-{number}_{name}[_high].png|jpg|webp"
_FILE_NAME = re.compile(r"(?P<card_id>[^_]+-[^_]+)_.+")
_SMALLEST_WIDTH = 100
_ASPECT_TOLERANCE = 0.1
# Cut this far inside the nominal corner, so that nothing of a scan's rounded corner (white, transparent) remains.
_CORNER_CUT_MM = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryImage:
    """One image of a card.

    Attributes:
        card_id: the card.
        variant: counts the images of one card from 0.
        load: gives the upright card as uint8 [704, 504, 3] BGR; raises ImageError.
        file: that it is read from; None where it is rendered.
    """

    card_id: str
    variant: int
    load: Callable[[], Image]
    file: Path | None = None


def demo_gallery() -> tuple[list[GalleryImage], dict[str, CardDetails]]:
    """The simulated game that ships with the project: its images and metadata."""
    cards = demo_cards()
    images = [GalleryImage(card_id=card.card_id, variant=0, load=partial(_render, card)) for card in cards]
    return images, {card.card_id: _details(card) for card in cards}


def demo_back() -> Image:
    """The back that all cards of the simulated game share, uint8 [704, 504, 3] BGR."""
    return square_corners(render_back(RECTIFIED_PX_PER_MM))


def folder_gallery(folder: Path, metadata_file: Path) -> tuple[list[GalleryImage], dict[str, CardDetails]]:
    """The card images in a folder and what a JSON file (card id -> details) says of them.

    Files that are not images by their suffix are left alone. Several images of one card become its variants, by name.

    Raises:
        ConfigurationError: if the folder, the metadata or a file's name is unusable, or they do not fit together.
    """
    metadata = read_metadata(metadata_file)
    paths = image_files(folder)
    for first, *others in repeated_files(paths):
        raise ConfigurationError(
            f"{folder} holds the same image of {card_id_of(first)} more than once: {first.name} and "
            f"{', '.join(path.name for path in others)}; keep one of them"
        )
    seen: Counter[str] = Counter()
    images = []
    for path in paths:
        card_id = card_id_of(path)
        load = partial(read_card_image, path)
        images.append(GalleryImage(card_id=card_id, variant=seen[card_id], load=load, file=path))
        seen[card_id] += 1
    _check_complete(seen, metadata, folder, metadata_file)
    return images, metadata


def image_files(folder: Path) -> list[Path]:
    """The image files of a folder by their suffix, sorted by name.

    Raises:
        ConfigurationError: if the folder is none, or holds no images.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder of card images; is its path right?")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        below = sorted({path.parent for path in folder.glob("*/*") if path.suffix.lower() in IMAGE_SUFFIXES})
        where = f" (there are images in {below[0]})" if below else ""
        raise ConfigurationError(f"{folder} holds no card images{where}; they are named {NAME_PATTERN}")
    return paths


def repeated_files(paths: Sequence[Path]) -> list[list[Path]]:
    """Files of one card that differ in suffix, resolution (`_high`) or letter case only: one image, stored twice.

    Files of one card with different names are its variants.
    """
    named: dict[str, list[Path]] = {}
    for path in paths:
        named.setdefault(path.stem.lower().removesuffix("_high"), []).append(path)
    return [files for files in named.values() if len(files) > 1]


def card_id_of(path: Path) -> str:
    """`{set_id}-{number}` from a file name.

    Raises:
        ConfigurationError: if the name does not have the form.
    """
    match = _FILE_NAME.fullmatch(path.stem)
    if match is None:
        raise ConfigurationError(f"{path} is not named {NAME_PATTERN}, such as base1-4_Charizard_high.png")
    return match["card_id"]


def read_metadata(path: Path) -> dict[str, CardDetails]:
    """Read what is known of each card.

    Raises:
        ConfigurationError: naming the file, the card and the field.
    """
    try:
        entries = json.loads(path.read_bytes())
    except OSError as cause:
        raise ConfigurationError(f"cannot read the metadata {path}: {cause.strerror}; is --metadata right?") from cause
    except ValueError as cause:
        raise ConfigurationError(f"the metadata {path} is not JSON: {cause}") from cause
    if not isinstance(entries, dict):
        raise ConfigurationError(f"the metadata {path} must be one JSON object: card id -> details")
    details = {}
    for card_id, entry in entries.items():
        try:
            details[card_id] = CardDetails.model_validate(entry)
        except ValidationError as cause:
            fault = first_fault(cause, "the entry")
            raise ConfigurationError(f"the metadata {path}: card {card_id}: {fault}") from cause
    return details


def read_card_image(path: Path) -> Image:
    """Read the scan or digital original of one card.

    Transparent margins are cut off and the corners are filled (see `square_corners`).

    Returns:
        uint8 [704, 504, 3] BGR.

    Raises:
        ImageError: if the file is missing, damaged, or not the picture of an upright card.
    """
    return card_image(decode(path, backdrop=None).image, path)


def card_image(pixels: NDArray[np.uint8], path: Path) -> Image:
    """The card that a decoded picture shows, as `read_card_image`.

    Args:
        pixels: uint8 [h, w, 3] BGR or [h, w, 4] BGRA.
        path: of the picture, for what is said of it.
    """
    if pixels.shape[2] == 4:
        pixels = _without_margin(pixels, path)
    height, width = pixels.shape[:2]
    if width < _SMALLEST_WIDTH or abs(width / height / CARD_ASPECT - 1) > _ASPECT_TOLERANCE:
        raise ImageError(
            f"the card image {path} shows {width} x {height} pixels; an upright card of 63 x 88 mm, at least "
            f"{_SMALLEST_WIDTH} pixels wide, is needed"
        )
    return square_corners(_resized(_over_white(pixels)))


def square_corners(card: Image) -> Image:
    """Fill what lies outside the rounded corners from just inside them.

    A digital original (square), a scan (white corners) and a cut-out (transparent corners) of one card become the same.

    Args:
        card: uint8 [704, 504, 3].

    Returns:
        A copy of the same shape.
    """
    return np.asarray(cv2.remap(card, *_corner_maps(), cv2.INTER_LINEAR), dtype=np.uint8)


@lru_cache(maxsize=1)
def _corner_maps() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    y, x = np.mgrid[:RECTIFIED_HEIGHT, :RECTIFIED_WIDTH].astype(np.float32)
    reach = (CORNER_RADIUS_MM + _CORNER_CUT_MM) * RECTIFIED_PX_PER_MM
    radius = CORNER_RADIUS_MM * RECTIFIED_PX_PER_MM
    centre_x = np.clip(x, reach, RECTIFIED_WIDTH - 1 - reach)
    centre_y = np.clip(y, reach, RECTIFIED_HEIGHT - 1 - reach)
    distance = np.hypot(x - centre_x, y - centre_y)
    in_corner = (x != centre_x) & (y != centre_y) & (distance > radius)
    shrink = np.where(in_corner, radius / np.maximum(distance, 1), 1).astype(np.float32)
    return centre_x + (x - centre_x) * shrink, centre_y + (y - centre_y) * shrink


def _without_margin(pixels: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    """BGRA pixels without the rows and columns at their edges that are transparent."""
    opaque = pixels[..., 3] > 127
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    if len(rows) == 0:
        raise ImageError(f"the card image {path} is fully transparent; replace the file")
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _over_white(pixels: NDArray[np.uint8]) -> Image:
    """BGR pixels of BGRA ones on white."""
    if pixels.shape[2] == 3:
        return pixels
    opacity = pixels[..., 3:].astype(np.float32) / 255
    return np.asarray(np.round(pixels[..., :3] * opacity + 255 * (1 - opacity)), dtype=np.uint8)


def _resized(card: Image) -> Image:
    method = cv2.INTER_AREA if card.shape[1] >= RECTIFIED_WIDTH else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(card, (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), interpolation=method), dtype=np.uint8)


def _render(card: CardSpec) -> Image:
    return square_corners(render_card(card, RECTIFIED_PX_PER_MM))


def _details(card: CardSpec) -> CardDetails:
    return CardDetails(
        name=card.name,
        set_code=card.set_code,
        set_name=card.set_name,
        number=card.number,
        rarity=card.rarity,
        types=list(card.types),
    )


def _check_complete(seen: Counter[str], metadata: dict[str, CardDetails], folder: Path, metadata_file: Path) -> None:
    unknown: Sequence[str] = sorted(set(seen) - set(metadata))
    if unknown:
        raise ConfigurationError(
            f"{metadata_file} says nothing of {len(unknown)} of the cards in {folder}, the first is {unknown[0]}"
        )
    missing: Sequence[str] = sorted(set(metadata) - set(seen))
    if missing:
        raise ConfigurationError(
            f"{folder} has no image of {len(missing)} of the cards in {metadata_file}, the first is {missing[0]}"
        )
