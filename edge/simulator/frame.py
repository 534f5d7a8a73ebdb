"""Frames and borders: textured grounds, and boxes with exact anti-aliased edges."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image
from edge.simulator.fields import Field, enlarged, fractal_noise, stretched, warped
from edge.simulator.palette import Color, ramp_through
from edge.simulator.style import Texture
from edge.simulator.text import Rect

Area = tuple[slice, slice]
_EXTENT = (1.0, CARD_HEIGHT_MM / CARD_WIDTH_MM)


def textured(width: int, height: int, colors: tuple[Color, Color], texture: Texture, seed: int) -> Image:
    """A card-sized ground [height, width, 3] that runs between two colours."""
    picture: Image = np.empty((height, width, 3), dtype=np.uint8)
    if texture == "plain":
        picture[:] = np.round(colors[0])
        return picture
    rng = np.random.default_rng(np.random.SeedSequence([13, seed]))
    field = _texture_field(rng, texture, width, height)
    index = (field * np.float32(255)).astype(np.uint8)
    ramp = ramp_through(list(colors))
    return np.asarray(cv2.LUT(cv2.merge([index, index, index]), ramp[None, :, :]), dtype=np.uint8)


def _texture_field(rng: np.random.Generator, texture: Texture, width: int, height: int) -> Field:
    """Values 0..1 [height, width] of a texture."""
    if texture in ("clouds", "marble", "brushed", "paper"):
        return enlarged(_noise_field(rng, texture), width, height)
    x = ((np.arange(width) + 0.5) / width).astype(np.float32)[None, :]
    y = ((np.arange(height) + 0.5) / height * _EXTENT[1]).astype(np.float32)[:, None]
    shape = (height, width)
    if texture == "gradient":
        turn = rng.uniform(0, np.pi)
        return stretched(np.asarray(np.cos(turn) * x + np.sin(turn) * y, dtype=np.float32))
    pitch = np.float32(2 * np.pi * rng.uniform(10, 26))
    if texture == "dots":
        return np.asarray(np.clip(np.cos(pitch * x) * np.cos(pitch * y) * 2, 0, 1), dtype=np.float32)
    if texture == "stripes":
        slope = np.float32(rng.choice([-1.0, 0.0, 1.0, 0.5]))
        return np.asarray(np.clip(0.5 + 1.5 * np.sin(pitch * (x * slope + y)), 0, 1) * np.ones(shape), dtype=np.float32)
    if texture == "tiles":
        across, down = np.sin(pitch * (x + y)), np.sin(pitch * (x - y))
        return np.asarray(np.clip(0.5 + 2 * across * down, 0, 1), dtype=np.float32)
    angle = np.arctan2(y - np.float32(_EXTENT[1] * rng.uniform(0.2, 0.6)), x - np.float32(0.5))
    return np.asarray(np.clip(0.5 + 2 * np.sin(angle * int(rng.integers(8, 30))), 0, 1), dtype=np.float32)


def _noise_field(rng: np.random.Generator, texture: Texture) -> Field:
    if texture == "clouds":
        return fractal_noise(rng, _EXTENT, 4, 4)
    if texture == "marble":
        return warped(fractal_noise(rng, _EXTENT, 4, 5), rng, _EXTENT, 3, 0.25)
    if texture == "paper":
        return np.asarray(fractal_noise(rng, _EXTENT, 20, 4, 0.8) * np.float32(0.5), dtype=np.float32)
    tall = (1.0, 0.04) if rng.random() < 0.5 else (0.04, 1.4)
    return fractal_noise(rng, tall, 60, 2)


def coverage(
    rect: Rect,
    radius_mm: float,
    shape: tuple[int, int],
    *,
    area: Area | None = None,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    angle_rad: float = 0.0,
) -> Field:
    """How much of each pixel a rounded rectangle covers, 0..1.

    Exact for edges along the pixel grid, and to about a hundredth of a pixel for slightly turned ones.

    Args:
        rect: in mm.
        radius_mm: of its corners.
        shape: of the whole card's picture, (height, width).
        area: rows and columns asked for; the whole card by default.
        offset_mm: shift of the rectangle after it was turned.
        angle_rad: turn of the rectangle about the middle of the card, clockwise as seen.

    Returns:
        float32, as many rows and columns as `area` has.
    """
    height, width = shape
    rows, columns = (slice(0, height), slice(0, width)) if area is None else area
    scale_x, scale_y = width / CARD_WIDTH_MM, height / CARD_HEIGHT_MM
    x = (np.arange(columns.start, columns.stop) + 0.5)[None, :] - width / 2 - offset_mm[0] * scale_x
    y = (np.arange(rows.start, rows.stop) + 0.5)[:, None] - height / 2 - offset_mm[1] * scale_y
    if angle_rad:
        x, y = x * np.cos(angle_rad) + y * np.sin(angle_rad), y * np.cos(angle_rad) - x * np.sin(angle_rad)
    radius = min(radius_mm, rect.w / 2, rect.h / 2) * (scale_x + scale_y) / 2
    middle_x = (rect.x + rect.w / 2) * scale_x - width / 2
    middle_y = (rect.y + rect.h / 2) * scale_y - height / 2
    beyond_x = (np.abs(x - middle_x) - (rect.w * scale_x / 2 - radius)).astype(np.float32)
    beyond_y = (np.abs(y - middle_y) - (rect.h * scale_y / 2 - radius)).astype(np.float32)
    if radius == 0:
        return np.asarray(_inside(beyond_x) * _inside(beyond_y), dtype=np.float32)
    corner = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
    distance = corner + np.minimum(np.maximum(beyond_x, beyond_y), 0) - np.float32(radius)
    return _inside(np.asarray(distance, dtype=np.float32))


def _inside(distance_px: Field) -> Field:
    """Share of a pixel on the inner side of an edge at a signed distance from its centre."""
    return np.asarray(np.clip(np.float32(0.5) - distance_px, 0, 1), dtype=np.float32)


def moved(picture: Image, offset_mm: tuple[float, float], rotation_deg: float) -> Image:
    """The print shifted and turned about the middle of the card; what comes in from outside continues the print."""
    height, width = picture.shape[:2]
    middle = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, -rotation_deg, 1.0)
    matrix[:, 2] += offset_mm[0] * width / CARD_WIDTH_MM, offset_mm[1] * height / CARD_HEIGHT_MM
    moved = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, dtype=np.uint8)


def window_of(rect: Rect, shape: tuple[int, int]) -> Area:
    """Rows and columns of a card's picture (height, width) that a rectangle touches."""
    height, width = shape
    left, right = rect.x * width / CARD_WIDTH_MM, rect.right * width / CARD_WIDTH_MM
    top, bottom = rect.y * height / CARD_HEIGHT_MM, rect.bottom * height / CARD_HEIGHT_MM
    rows = slice(min(max(math.floor(top) - 1, 0), height), min(max(math.ceil(bottom) + 1, 0), height))
    return rows, slice(min(max(math.floor(left) - 1, 0), width), min(max(math.ceil(right) + 1, 0), width))


def lay_over(picture: Image, window: Area, over: NDArray[np.uint8], weight: Field) -> None:
    """Mix `over` into a window of the picture by `weight`, in place."""
    below = np.ascontiguousarray(picture[window])
    picture[window] = cv2.blendLinear(over, below, weight, np.float32(1) - weight)
