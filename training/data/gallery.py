"""Card images that a database is built from: scans and digital originals, or the simulated game."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError
from edge.geometry import CARD_ASPECT, CORNER_RADIUS_MM, Image
from edge.imaging.decoding import decode
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_PX_PER_MM, RECTIFIED_WIDTH
from edge.simulator.card import render_back, render_card
from edge.simulator.sets import CardSpec, demo_cards
from edge.wire.messages import CardDetails
from training.data.margins import without_scan_margin

_SMALLEST_WIDTH = 100
_ASPECT_TOLERANCE = 0.1
# Standard deviation of the pixels of a picture that shows nothing, at most; of a card it is 20 and more.
_BLANK = 4.0
# Cut this far inside the nominal corner, so that nothing of a scan's rounded corner (white, transparent) remains.
_CORNER_CUT_MM = 0.5
_CORNER_REACH_PX = ceil((CORNER_RADIUS_MM + _CORNER_CUT_MM) * RECTIFIED_PX_PER_MM) + 1


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

    def load_or_say(self) -> Image | str:
        """What `load` gives, or why it cannot; on one core, for one of several processes."""
        cv2.setNumThreads(1)
        try:
            return self.load()
        except ImageError as cause:
            return str(cause)


def demo_gallery() -> tuple[list[GalleryImage], dict[str, CardDetails]]:
    """The simulated game that ships with the project: its images and metadata."""
    cards = demo_cards()
    images = [GalleryImage(card_id=card.card_id, variant=0, load=partial(_render, card)) for card in cards]
    return images, {card.card_id: card_details(card) for card in cards}


def card_details(card: CardSpec) -> CardDetails:
    """What a list of cards says of a simulated one."""
    return CardDetails(
        name=card.name,
        set_code=card.set_code,
        set_name=card.set_name,
        number=card.number,
        rarity=card.rarity,
        types=list(card.types),
    )


def demo_back() -> Image:
    """The back that all cards of the simulated game share, uint8 [704, 504, 3] BGR."""
    return square_corners(render_back(RECTIFIED_PX_PER_MM))


def read_card_image(path: Path) -> Image:
    """Read the scan or digital original of one card.

    Transparent margins, and a scanner's white or black ones, are cut off, a card that lies on its side is set upright
    (turned clockwise: a database holds it both ways up), and the corners are filled (see `square_corners`).

    Returns:
        uint8 [704, 504, 3] BGR.

    Raises:
        ImageError: if the file is missing, damaged, or not the picture of a card.
    """
    return card_image(decode(path, backdrop=None).image, path)


def card_image(pixels: NDArray[np.uint8], path: Path) -> Image:
    """The card that a decoded picture shows, as `read_card_image`.

    Args:
        pixels: uint8 [h, w, 3] BGR or [h, w, 4] BGRA.
        path: of the picture, for what is said of it.
    """
    return card_and_margin(pixels, path)[0]


def card_and_margin(pixels: NDArray[np.uint8], path: Path) -> tuple[Image, bool]:
    """The same, and whether a scanner's margin was cut off."""
    if pixels.shape[2] == 4:
        pixels = _without_margin(pixels, path)
    picture = _over_white(pixels)
    card = without_scan_margin(picture)
    cut = card is not picture
    if card is None:
        raise ImageError(f"the card image {path} has a margin that the card does not stand out from; crop it")
    if card.shape[1] > card.shape[0]:
        card = np.rot90(card, -1)
    height, width = card.shape[:2]
    if width < _SMALLEST_WIDTH or abs(width / height / CARD_ASPECT - 1) > _ASPECT_TOLERANCE:
        raise ImageError(
            f"the card image {path} shows {width} x {height} pixels; a card of 63 x 88 mm, at least "
            f"{_SMALLEST_WIDTH} pixels wide, is needed"
        )
    if cv2.meanStdDev(card)[1].max() < _BLANK:
        raise ImageError(f"the card image {path} is blank; replace the file")
    return square_corners(_resized(card)), cut


def square_corners(card: Image) -> Image:
    """Fill what lies outside the rounded corners from just inside them.

    A digital original (square), a scan (white corners) and a cut-out (transparent corners) of one card become the same.

    Args:
        card: uint8 [704, 504, 3].

    Returns:
        A copy of the same shape.
    """
    square = card.copy()
    (x, y), reach = _corner_maps(), _CORNER_REACH_PX
    for rows in (slice(None, reach), slice(-reach, None)):
        for columns in (slice(None, reach), slice(-reach, None)):
            square[rows, columns] = cv2.remap(card, x[rows, columns], y[rows, columns], cv2.INTER_LINEAR)
    return square


@lru_cache(maxsize=1)
def _corner_maps() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel's colour is taken from, x and y; outside the corners it is the pixel itself."""
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
