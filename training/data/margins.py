"""Cuts off the white or black margin that a scanner leaves round a card, and never the card's own border."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_ASPECT, CARD_WIDTH_MM, Image

# A margin is of paper or of the scanner's lid: nearly white or nearly black, and even.
_WHITE, _BLACK = 225, 40
_EVEN = 24
_EVEN_SHARE = 0.97
_LEAST_MARGIN_MM = 0.5
# A scanned card has a card's aspect to this share. Its own border is as wide on every side, so that what is inside a
# border of 3 mm is off by 3 %, as a picture is that has a margin of 4 mm.
_ASPECT_TOLERANCE = 0.012
_ASPECT_GAIN = 0.005
_GREATEST_TURN_DEG = 10.0
_SPECK_MM = 0.4


def without_scan_margin(picture: Image) -> Image | None:
    """A card without the even white or black margin round it, upright; the picture itself where it has none.

    The margin is known by what it leaves: a picture that has a card's aspect inside the margin, and less so with it, is
    a scan. One that has it with its border is a card with a white or black border, and is left as it is.

    Args:
        picture: uint8 [H, W, 3].

    Returns:
        uint8 [h, w, 3]; None where there is a margin on every side, but no card that can be told from it.
    """
    colour = _margin_colour(picture)
    if colour is None:
        return picture
    inner = _inner_corners(picture, colour)
    if inner is None:
        return picture
    width, height = (float(np.linalg.norm(inner[1] - inner[0])), float(np.linalg.norm(inner[2] - inner[1])))
    within, whole = _aspect_error(width, height), _aspect_error(*picture.shape[1::-1])
    if within > _ASPECT_TOLERANCE or whole < within + _ASPECT_GAIN:
        return picture if whole < 2 * _ASPECT_TOLERANCE or not _surrounded(picture, inner) else None
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    size = (round(width), round(height))
    turned = cv2.getPerspectiveTransform(inner - 0.5, target - 0.5)
    return np.asarray(cv2.warpPerspective(picture, turned, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _margin_colour(picture: Image) -> NDArray[np.float32] | None:
    """The colour of the picture's outermost pixels, if they are even, and white or black; BGR."""
    ring = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3)])
    ring = np.concatenate([ring, picture[:, :2].reshape(-1, 3), picture[:, -2:].reshape(-1, 3)]).astype(np.float32)
    colour = np.median(ring, axis=0)
    if colour.max() > _BLACK and colour.min() < _WHITE:
        return None
    even = (np.abs(ring - colour).max(axis=1) <= _EVEN).mean() >= _EVEN_SHARE
    return np.asarray(colour, np.float32) if even else None


def _inner_corners(picture: Image, colour: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Corners of the smallest rectangle round all that is no margin, float32 [4, 2], clockwise from the top left."""
    blue, green, red = cv2.split(cv2.absdiff(picture, np.array([*np.round(colour), 0.0])))
    other = cv2.max(cv2.max(blue, green), red) > _EVEN
    speck = max(1, round(_SPECK_MM / CARD_WIDTH_MM * picture.shape[1]))
    mask = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, np.ones((speck, speck), np.uint8))
    points = cv2.findNonZero(mask)
    if points is None:
        return None
    centre, (width, height), angle = cv2.minAreaRect(points)
    # The rectangle goes through the outermost pixels' centres; their far sides are the card's.
    corners = cv2.boxPoints((centre, (width + 1, height + 1), angle)) + 0.5
    corners = np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)
    if corners[1, 0] < corners[3, 0]:
        corners = corners[[0, 3, 2, 1]]
    right, down = corners[1] - corners[0]
    turned = abs(down) > np.tan(np.radians(_GREATEST_TURN_DEG)) * right
    return None if turned else np.asarray(corners, np.float32)


def _aspect_error(width: float, height: float) -> float:
    """By what share a rectangle's sides are not in a card's proportion, on whichever side it lies."""
    return abs(min(width, height) / max(width, height, 1.0) / CARD_ASPECT - 1)


def _surrounded(picture: Image, inner: NDArray[np.float32]) -> bool:
    least = _LEAST_MARGIN_MM / CARD_WIDTH_MM * picture.shape[1]
    height, width = picture.shape[:2]
    return bool(inner.min() >= least and (np.array([width, height]) - inner.max(axis=0)).min() >= least)
