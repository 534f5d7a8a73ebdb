"""Things that cover part of a card. Each covers at most `LARGEST_SHARE` of it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from training.augmentation.texture import random_texture

LARGEST_SHARE = 0.3
# Light and dark ends of human skin under white light, BGR.
_SKIN = np.array([[175, 205, 240], [45, 65, 95]], np.float64)


def add_fingers(card: Image, rng: np.random.Generator) -> Image:
    """One to three fingers that reach in over one edge."""
    rows, columns = card.shape[:2]
    mask = np.zeros((rows, columns), np.uint8)
    shading = np.zeros((rows, columns), np.uint8)
    width = rng.uniform(0.14, 0.24) * columns
    start, inward = _edge(rng, rows, columns)
    along = np.array([-inward[1], inward[0]])
    for i in range(int(rng.choice([1, 2, 3], p=[0.55, 0.3, 0.15]))):
        root = start + along * i * width * 1.1 - inward * width
        tip = root + (inward + 0.3 * rng.normal(0, 1, 2)) * rng.uniform(0.1, 0.5) * columns + inward * width
        for shrink, bright in ((1.0, 150), (0.75, 205), (0.45, 240)):
            thickness = max(1, int(width * shrink))
            cv2.line(shading, _point(root), _point(tip), bright, thickness, cv2.LINE_AA)
        cv2.line(mask, _point(root), _point(tip), 255, max(1, int(width)), cv2.LINE_AA)
    if mask.mean() > 255 * LARGEST_SHARE:
        return card
    skin = _SKIN[0] + (_SKIN[1] - _SKIN[0]) * rng.random() + rng.normal(0, 10, 3)
    soft = cv2.GaussianBlur(shading, (0, 0), 0.08 * width + 0.3)
    coloured = np.clip(soft[..., None] * (skin / 240), 0, 255).astype(np.uint8)
    return _cover(card, coloured, mask)


def add_objects(card: Image, rng: np.random.Generator) -> Image:
    """Dice, counters or the corner of another card, with random surfaces."""
    rows, columns = card.shape[:2]
    mask = np.zeros((rows, columns), np.uint8)
    for _ in range(int(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))):
        before = mask.copy()
        _draw_shape(mask, rng)
        if mask.mean() > 255 * LARGEST_SHARE:
            mask = before
    surface = random_texture(rng, columns, rows)
    if rng.random() < 0.5:
        for centre in rng.random((12, 2)) * (columns, rows):
            colour = tuple(int(c) for c in rng.integers(0, 256, 3))
            cv2.circle(surface, _point(centre), max(1, int(0.03 * columns)), colour, cv2.FILLED, cv2.LINE_AA)
    return _cover(card, surface, mask)


def _draw_shape(mask: NDArray[np.uint8], rng: np.random.Generator) -> None:
    rows, columns = mask.shape
    centre = rng.random(2) * (columns, rows)
    if rng.random() < 0.3:
        cv2.circle(mask, _point(centre), int(rng.uniform(0.08, 0.3) * columns), 255, cv2.FILLED, cv2.LINE_AA)
        return
    size = rng.uniform(0.12, 0.3) * columns * np.ones(2) if rng.random() < 0.5 else rng.uniform(0.1, 0.9, 2) * columns
    box = cv2.boxPoints((tuple(centre.tolist()), tuple(size.tolist()), float(rng.uniform(0, 90))))
    cv2.fillConvexPoly(mask, np.round(box).astype(np.int32), 255, cv2.LINE_AA)


def _edge(rng: np.random.Generator, rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A point on the card's edge and the unit direction inwards."""
    position = rng.random()
    edges = (
        ((position * columns, 0), (0, 1)),
        ((position * columns, rows), (0, -1)),
        ((0, position * rows), (1, 0)),
        ((columns, position * rows), (-1, 0)),
    )
    point, inward = edges[int(rng.integers(4))]
    return np.array(point, np.float64), np.array(inward, np.float64)


def _cover(card: Image, cover: Image, mask: NDArray[np.uint8]) -> Image:
    weight = mask.astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(cover, card, weight, 1 - weight), dtype=np.uint8)


def _point(position: NDArray[np.float64]) -> tuple[int, int]:
    return int(position[0]), int(position[1])
