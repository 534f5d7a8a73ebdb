"""A card lifted out of its surroundings by an outline that is not quite right."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_WIDTH_MM, CORNER_RADIUS_MM, Image
from training.augmentation.texture import random_texture

# Surroundings of the card that are drawn, and the sleeve's margin in them, as fractions of the card's width.
SURROUND = 0.09
SLEEVE_MARGIN = (0.02, 0.045)
# Standard deviation and limit of a corner's error, and of the growth of the whole outline, likewise.
LARGEST_CORNER_SPREAD = 0.02
LARGEST_CORNER_ERROR = 0.04
GROWTH = (-0.03, 0.035)
LARGEST_ROTATION_DEG = 15.0
LARGEST_PERSPECTIVE = 0.1


def cut_out(card: Image, rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Put a card on a random surface, perhaps sleeved, and rectify it by a slightly wrong outline.

    Args:
        card: uint8 [rows, columns, 3], square corners.
        rng: source of randomness.
        size: width and height of the result in pixels.
    """
    surroundings = _on_surface(card, rng)
    rows, columns = card.shape[:2]
    border = round(SURROUND * columns)
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32) + border - 0.5
    error = rng.normal(0, rng.uniform(0, LARGEST_CORNER_SPREAD), (4, 2)).clip(
        -LARGEST_CORNER_ERROR, LARGEST_CORNER_ERROR
    )
    outward = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * rng.uniform(*GROWTH) * rng.random()
    wrong = corners + ((error + outward) * columns).astype(np.float32)
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(wrong.astype(np.float32), target)
    seen = cv2.warpPerspective(surroundings, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, dtype=np.uint8)


def rotate(card: Image, rng: np.random.Generator) -> Image:
    """The card askew in its crop, its edge continued around it."""
    rows, columns = card.shape[:2]
    angle_deg = float(rng.uniform(-1, 1) * LARGEST_ROTATION_DEG)
    matrix = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), angle_deg, 1.0)
    turned = cv2.warpAffine(card, matrix, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, dtype=np.uint8)


def tilt(card: Image, rng: np.random.Generator) -> Image:
    """The card seen at a slant, its corners inside the crop, its edge continued around it."""
    rows, columns = card.shape[:2]
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    inward = (0.5 - corners) * 2 * LARGEST_PERSPECTIVE * rng.random((4, 2)).astype(np.float32)
    size = np.array([columns - 1, rows - 1], np.float32)
    matrix = cv2.getPerspectiveTransform(corners * size, (corners + inward) * size)
    seen = cv2.warpPerspective(card, matrix, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, dtype=np.uint8)


def _on_surface(card: Image, rng: np.random.Generator) -> Image:
    rows, columns = card.shape[:2]
    border = round(SURROUND * columns)
    surface = random_texture(rng, columns + 2 * border, rows + 2 * border)
    if rng.random() < 0.5:
        _lay_sleeve(surface, rng, border, columns)
    place = surface[border : border + rows, border : border + columns]
    mask = _rounded_mask(rows, columns)
    place[...] = cv2.blendLinear(card, np.ascontiguousarray(place), mask, 1 - mask)
    return surface


def _lay_sleeve(surface: Image, rng: np.random.Generator, border: int, columns: int) -> None:
    """Brighten or cover the margin of a sleeve, in place."""
    margins = np.round(rng.uniform(*SLEEVE_MARGIN, 4) * columns).astype(int)
    left, top, right, bottom = (border - margins).tolist()
    inside = surface[top : surface.shape[0] - bottom, left : surface.shape[1] - right]
    colour = rng.integers(0, 256, 3) if rng.random() < 0.4 else rng.integers(170, 256, 3)
    opacity = rng.uniform(0.05, 0.4) if rng.random() < 0.7 else rng.uniform(0.8, 1.0)
    tint = np.full_like(inside, colour.astype(np.uint8))
    inside[...] = cv2.addWeighted(inside, 1 - opacity, tint, opacity, 0)


@lru_cache(maxsize=8)
def _rounded_mask(rows: int, columns: int) -> NDArray[np.float32]:
    """Coverage [rows, columns], 0 to 1, of a card with rounded corners."""
    scale = 4
    radius = round(scale * CORNER_RADIUS_MM * columns / CARD_WIDTH_MM)
    mask = np.zeros((rows * scale, columns * scale), np.uint8)
    inner = (columns * scale - 1 - radius, rows * scale - 1 - radius)
    cv2.rectangle(mask, (radius, 0), (inner[0], rows * scale - 1), 255, cv2.FILLED)
    cv2.rectangle(mask, (0, radius), (columns * scale - 1, inner[1]), 255, cv2.FILLED)
    for x in (radius, inner[0]):
        for y in (radius, inner[1]):
            cv2.circle(mask, (x, y), radius, 255, cv2.FILLED)
    small = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32) / np.float32(255)
