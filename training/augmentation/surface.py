"""What light does on a card's surface: foil, sleeve film, reflections, shadows. All work on a coarse grid of light."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image

# Light varies slowly: it is computed on a grid this many times coarser than the image.
COARSENESS = 4

Light = NDArray[np.float32]


def add_foil(card: Image, rng: np.random.Generator) -> Image:
    """A holographic rainbow, over the whole card or part of it."""
    x, y = _grid(card)
    angle = rng.uniform(0, np.pi)
    grain = _waves(rng, x.shape, int(rng.integers(3, 14)))
    turns = rng.uniform(0.4, 3.0) * (np.cos(angle) * x + np.sin(angle) * y) + rng.uniform(0, 0.8) * grain + rng.random()
    hue = ((turns % 1.0) * 180).astype(np.uint8)
    value = np.clip(130 + 110 * np.sin(2 * np.pi * rng.uniform(0.5, 2.0) * turns), 0, 255).astype(np.uint8)
    saturation = np.full_like(hue, int(rng.integers(90, 240)))
    rainbow = cv2.cvtColor(cv2.merge([hue, saturation, value]), cv2.COLOR_HSV2BGR)
    rainbow = cv2.resize(rainbow, card.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    strength = rng.uniform(0.15, 0.7)
    glow = cv2.multiply(rainbow, card, scale=1.7 / 255)
    shone = cv2.addWeighted(card, 1 - 0.6 * strength, glow, 0.8 * strength, 0)
    shone = cv2.addWeighted(shone, 1.0, rainbow, 0.3 * strength, 0)
    if rng.random() < 0.4:
        top, bottom = np.sort(rng.uniform(0.05, 0.95, 2) * card.shape[0]).astype(int)
        partly = card.copy()
        partly[top:bottom] = shone[top:bottom]
        return partly
    return np.asarray(shone, dtype=np.uint8)


def add_film(card: Image, rng: np.random.Generator) -> Image:
    """A sleeve over the card: haze, a sheen that runs across it, scuffs."""
    haze = rng.uniform(0, 0.3)
    hazy = cv2.convertScaleAbs(card, alpha=1 - haze, beta=float(rng.uniform(190, 250)) * haze)
    seen = np.asarray(hazy, dtype=np.uint8)
    if rng.random() < 0.6:
        seen = _with_light(seen, _sheen(seen, rng), rng)
    if rng.random() < 0.35:
        seen = np.asarray(cv2.add(seen, cv2.merge([_scuffs(seen, rng)] * 3)), dtype=np.uint8)
    return seen


def add_glare(card: Image, rng: np.random.Generator) -> Image:
    """One to four reflections: soft blobs, hard lamps or long streaks, some burnt out."""
    x, y = _grid(card)
    light = np.zeros(x.shape, np.float32)
    bend = _waves(rng, x.shape, int(rng.integers(2, 8))) * rng.uniform(0, 0.05)
    for _ in range(int(rng.choice([1, 2, 4], p=[0.5, 0.35, 0.15]))):
        angle = rng.uniform(0, np.pi)
        across, along = rng.uniform(0.02, 0.16), rng.uniform(0.06, 0.7)
        dx, dy = x - rng.uniform(-0.1, 1.1), y - rng.uniform(-0.1, 1.5)
        u = (np.cos(angle) * dx + np.sin(angle) * dy + bend) / along
        v = (np.cos(angle) * dy - np.sin(angle) * dx + bend) / across
        sharpness = rng.choice([1.0, 3.0])
        light += rng.uniform(0.3, 1.6) * np.exp(-0.5 * (u * u + v * v) ** sharpness)
    return _with_light(card, light, rng)


def add_shadow(card: Image, rng: np.random.Generator) -> Image:
    """The soft shadow of a hand, an arm or a window frame."""
    rows, columns = card.shape[0] // COARSENESS, card.shape[1] // COARSENESS
    shade = np.zeros((rows, columns), np.uint8)
    for _ in range(int(rng.integers(1, 5))):
        start, end = rng.uniform(-0.3, 1.3, (2, 2)) * (columns, rows)
        cv2.line(shade, _point(start), _point(end), 255, max(1, int(rng.uniform(0.1, 0.6) * columns)), cv2.LINE_AA)
    shade = cv2.GaussianBlur(shade, (0, 0), float(rng.uniform(0.01, 0.12)) * columns + 0.3)
    shade = cv2.resize(shade, card.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    dimmed = cv2.convertScaleAbs(shade, alpha=-float(rng.uniform(0.25, 0.75)), beta=0)
    kept = cv2.bitwise_not(dimmed)
    return np.asarray(cv2.multiply(card, cv2.merge([kept] * 3), scale=1 / 255), dtype=np.uint8)


def _grid(card: Image) -> tuple[Light, Light]:
    """Coordinates of the coarse grid in card widths."""
    rows, columns = max(2, card.shape[0] // COARSENESS), max(2, card.shape[1] // COARSENESS)
    x = np.linspace(0, 1, columns, dtype=np.float32)[None, :].repeat(rows, axis=0)
    y = np.linspace(0, rows / columns, rows, dtype=np.float32)[:, None].repeat(columns, axis=1)
    return x, y


def _waves(rng: np.random.Generator, shape: tuple[int, ...], cells: int) -> Light:
    """Smooth noise of unit variance."""
    noise = rng.standard_normal((cells + 2, cells), dtype=np.float32)
    return np.asarray(cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _sheen(card: Image, rng: np.random.Generator) -> Light:
    x, y = _grid(card)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.7)
    wrinkle = 0.15 * _waves(rng, x.shape, int(rng.integers(2, 9)))
    return np.asarray(rng.uniform(0.1, 0.55) * np.clip(0.5 + ramp + wrinkle, 0, 1.2), dtype=np.float32)


def _scuffs(card: Image, rng: np.random.Generator) -> NDArray[np.uint8]:
    rows, columns = card.shape[:2]
    marks = np.zeros((rows, columns), np.uint8)
    for _ in range(int(rng.integers(3, 25))):
        start = rng.random(2) * (columns, rows)
        end = start + rng.normal(0, 0.15, 2) * columns
        cv2.line(marks, _point(start), _point(end), int(rng.integers(20, 130)), 1, cv2.LINE_AA)
    return marks


def _with_light(card: Image, light: Light, rng: np.random.Generator) -> Image:
    """Add light (1 is white) of a slightly random colour."""
    colour = rng.uniform(0.8, 1.0, 3).astype(np.float32) * 255
    fine = np.clip(light[..., None] * colour, 0, 255).astype(np.uint8)
    return np.asarray(
        cv2.add(card, cv2.resize(fine, card.shape[1::-1], interpolation=cv2.INTER_LINEAR)), dtype=np.uint8
    )


def _point(position: NDArray[np.float64]) -> tuple[int, int]:
    return int(position[0]), int(position[1])
