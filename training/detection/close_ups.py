"""Pictures that one card fills: scans and crops of flat cards, and cards that are held close to a camera."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image, transform_points
from training.detection.disturbances import turn
from training.detection.faces import SEEN_WHOLE, plain_face

# The share of training pictures that are scans, and of the others that one card fills.
SCANS = 0.15
CLOSE_UPS = 0.15
# How long the card is, as a share of the picture that the network sees.
_LONG = (0.42, 1.0)
# Height and width of what is shown, in those of the card: below 1 it cuts the card.
_SCAN_EXTENT = (0.94, 1.1)
_CLOSE_UP_EXTENT = (0.9, 1.3)
_WRONG_TURN_RAD = 0.06
_OTHER_FACE = 0.25
_WHITE_OR_BLACK = 0.6

CloseUp = tuple[Image, NDArray[np.float32]]
"""uint8 [size, size, 3] BGR, black beyond the right and the lower end of what is shown, and float32 [K, 4, 2], the
quads in it, clockwise in pixels; NaN where there is no card."""


def scan(original: Image, size_px: int, rng: np.random.Generator) -> CloseUp:
    """A flat card that fills what is shown, is cut by it, or has a plain margin.

    Args:
        original: uint8 [H, W, 3] BGR, a card's own picture.
        size_px: height and width of the result.
        rng: how large, what margin, sometimes another face.
    """
    if rng.random() < _OTHER_FACE:
        original = plain_face(np.random.default_rng(rng.integers(2**31)), rng)
    height, width = original.shape[:2]
    quad = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(0.5)
    matrix, shown = _shown(quad, _SCAN_EXTENT, 0.0, size_px, rng)
    margin = int(rng.choice([0, 255]) if rng.random() < _WHITE_OR_BLACK else rng.integers(256))
    border = cv2.copyMakeBorder(original, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(margin, margin, margin))
    return _seen(np.asarray(border, np.uint8), quad[None] + 1, matrix @ _shift(-1), shown, size_px)


def close_up(
    picture: Image, quads: NDArray[np.float32], visible: NDArray[np.float32], size_px: int, rng: np.random.Generator
) -> CloseUp:
    """One of a picture's cards, if possible one that nothing covers, from so near that it fills what is shown.

    Args:
        picture: uint8 [H, W, 3] BGR.
        quads: float32 [K, 4, 2], pixels, clockwise; NaN where there is none.
        visible: float32 [K], the share of each card that is seen.
        size_px: height and width of the result.
        rng: which card, how large.
    """
    cards = np.isfinite(quads).all(axis=(1, 2))
    whole = np.flatnonzero(cards & (visible >= SEEN_WHOLE))
    if len(whole) == 0:
        whole = np.array([visible.argmax()])
    matrix, shown = _shown(quads[rng.choice(whole)], _CLOSE_UP_EXTENT, rng.normal(0, _WRONG_TURN_RAD), size_px, rng)
    return _seen(picture, quads, matrix, shown, size_px)


def _shown(
    quad: NDArray[np.float32], extent: tuple[float, float], wrong_turn: float, size_px: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """A matrix [3, 3] that lays a card along the axes, and width and height of what is shown around it."""
    across, down = (quad[1] - quad[0]).astype(np.float64), (quad[2] - quad[1]).astype(np.float64)
    scale = rng.uniform(*_LONG) * size_px / float(max(np.linalg.norm(across), np.linalg.norm(down)))
    matrix = np.eye(3)
    matrix[:2, :2] = scale * turn(int(rng.integers(4)) * np.pi / 2 + wrong_turn - np.arctan2(across[1], across[0]))
    moved = transform_points(matrix, quad)
    low, high = moved.min(axis=0), moved.max(axis=0)
    shown = np.minimum(np.round((high - low) * rng.uniform(*extent, 2)), size_px)
    slack = np.abs(shown - (high - low)) / 2
    matrix[:2, 2] = (shown - 1) / 2 - (low + high) / 2 + rng.uniform(-slack, slack)
    return matrix, (int(shown[0]), int(shown[1]))


def _seen(
    picture: Image, quads: NDArray[np.float32], matrix: NDArray[np.float64], shown: tuple[int, int], size_px: int
) -> CloseUp:
    scale = min(1.0, float(np.linalg.norm(matrix[:2, 0])))
    # Made smaller first, so that fine texture is averaged.
    small = picture if scale == 1 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    from_small = _shift(-0.5) @ np.diag([1 / scale, 1 / scale, 1]) @ _shift(0.5)
    result = np.zeros((size_px, size_px, 3), np.uint8)
    result[: shown[1], : shown[0]] = cv2.warpPerspective(
        small, matrix @ from_small, shown, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    corners = transform_points(matrix, quads.reshape(-1, 2)).reshape(quads.shape)
    centre = corners.mean(axis=1)
    corners[((centre < 0) | (centre >= shown)).any(axis=1)] = np.nan
    return result, corners.astype(np.float32)


def _shift(by: float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[:2, 2] = by
    return matrix
