"""A subject rendered like a photographed object: smooth lumps under directed light."""

import cv2
import numpy as np

from edge.simulator.drawing import Brush, Canvas
from edge.simulator.fields import Field, enlarged, fractal_noise
from edge.simulator.palette import Palette, ramp_through
from edge.simulator.shapes import Points

_LATTICE_PER_UNIT = 150


def sculpture(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float
) -> None:
    """Merged balls, smooth or rough, shiny or matte, coloured by the light they receive (Blinn-Phong shading)."""
    height = _heights(canvas, rng, at, size)
    across = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=_LATTICE_PER_UNIT / 8)
    down = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=_LATTICE_PER_UNIT / 8)
    steep = np.sqrt(1 + across * across + down * down)
    facing = (0.75 - (across * brush.light[0] + down * brush.light[1])) / steep / 1.25
    gloss = rng.uniform(0, 0.9) * np.clip(facing, 0, 1) ** rng.uniform(8, 40)
    tone = np.clip(0.12 + 0.75 * np.clip(facing, 0, 1) + gloss, 0, 1).astype(np.float32)
    solid = np.clip(height * np.float32(_LATTICE_PER_UNIT / size / 8), 0, 1)
    before = canvas.pixels
    canvas.paint_field(
        enlarged(tone, canvas.width_px, canvas.height_px),
        ramp_through([palette.dark, palette.pick(rng), palette.pick(rng), palette.light]),
    )
    weight = enlarged(solid, canvas.width_px, canvas.height_px)
    canvas.pixels = np.asarray(cv2.blendLinear(canvas.pixels, before, weight, np.float32(1) - weight), dtype=np.uint8)


def _heights(canvas: Canvas, rng: np.random.Generator, at: Points, size: float) -> Field:
    """Height of the surface in units on a lattice; 0 outside the object."""
    columns, rows = (round(length * _LATTICE_PER_UNIT) for length in canvas.extent)
    x = ((np.arange(columns) + 0.5) / _LATTICE_PER_UNIT).astype(np.float32)[None, :]
    y = ((np.arange(rows) + 0.5) / _LATTICE_PER_UNIT).astype(np.float32)[:, None]
    total = np.zeros((rows, columns), dtype=np.float32)
    for _ in range(int(rng.integers(3, 10))):
        middle, radius = at + rng.normal(0, 0.4, 2) * size, size * rng.uniform(0.2, 0.55)
        total += np.exp(-((x - np.float32(middle[0])) ** 2 + (y - np.float32(middle[1])) ** 2) / np.float32(radius**2))
    rough = fractal_noise(rng, canvas.extent, rng.uniform(5, 14), 4)
    rough = enlarged(rough, columns, rows) * np.float32(rng.choice([0.0, 0.08, 0.2]))
    return np.asarray(
        np.sqrt(np.maximum(total + rough - np.float32(0.45), 0)) * np.float32(size * 0.8), dtype=np.float32
    )
