"""Smooth random fields that look the same at every resolution.

A field is drawn on a lattice whose size depends on the picture's proportions only, and is enlarged to the pixels that
are asked for. Lengths are in units: the picture's shorter side is 1.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.simulator.palette import clamped

Field = NDArray[np.float32]


def fractal_noise(
    rng: np.random.Generator, extent: tuple[float, float], cells: float, octaves: int, gain: float = 0.5
) -> Field:
    """Fractal value noise on a lattice, scaled to 0..1.

    Args:
        rng: source of the lattice values.
        extent: width and height in units.
        cells: lattice cells per unit in the coarsest octave.
        octaves: number of octaves; each doubles the lattice.
        gain: amplitude of an octave relative to the one before.

    Returns:
        float32 [rows, columns], `cells * 2 ** (octaves - 1)` lattice points per unit.
    """
    columns, rows = (max(2, round(length * cells)) for length in extent)
    field = rng.standard_normal((rows, columns), dtype=np.float32)
    amplitude = 1.0
    for _ in range(octaves - 1):
        rows, columns, amplitude = rows * 2, columns * 2, amplitude * gain
        field = _resized(field, columns, rows)
        field += np.float32(amplitude) * rng.standard_normal((rows, columns), dtype=np.float32)
    return stretched(field)


def stretched(field: Field) -> Field:
    """The field scaled to 0..1 over its range."""
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) * np.float32(1 / max(high - low, 1e-6))


def enlarged(field: Field, width: int, height: int) -> Field:
    """A lattice field as [height, width] pixels, 0..1."""
    return np.clip(_resized(field, width, height), 0, 1)


def sampled(field: Field, place: NDArray[np.float64]) -> float:
    """The field at a place [2] given as fractions of width and height."""
    rows, columns = field.shape
    return float(field[int(clamped(place[1], 0, 0.999) * rows), int(clamped(place[0], 0, 0.999) * columns)])


def warped(field: Field, rng: np.random.Generator, extent: tuple[float, float], cells: float, amount: float) -> Field:
    """The field with its coordinates displaced by noise of up to `amount` units (domain warping)."""
    rows, columns = field.shape
    across = _resized(fractal_noise(rng, extent, cells, 2), columns, rows) - np.float32(0.5)
    down = _resized(fractal_noise(rng, extent, cells, 2), columns, rows) - np.float32(0.5)
    reach = np.float32(2 * amount * rows / extent[1])
    map_x = np.arange(columns, dtype=np.float32)[None, :] + reach * across
    map_y = np.arange(rows, dtype=np.float32)[:, None] + reach * down
    return np.asarray(
        cv2.remap(field, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), dtype=np.float32
    )


def _resized(field: Field, columns: int, rows: int) -> Field:
    return np.asarray(cv2.resize(field, (columns, rows), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
