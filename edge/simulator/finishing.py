"""The manner in which a finished picture is rendered: paint, print, comic, photograph."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.simulator.drawing import Canvas
from edge.simulator.fields import Field, enlarged, fractal_noise, warped
from edge.simulator.palette import Palette, ramp_through

Finish = Callable[[Canvas, Palette, np.random.Generator], None]


def _grain(canvas: Canvas, rng: np.random.Generator, cells: float, octaves: int) -> Field:
    """Noise about 0 over the whole picture."""
    field = fractal_noise(rng, canvas.extent, cells, octaves, 0.75)
    return enlarged(field, canvas.width_px, canvas.height_px) - np.float32(field.mean())


def _brightened(canvas: Canvas, change: Field) -> None:
    """Multiply the picture by 1 + `change`."""
    factor = np.float32(1) + change
    merged = cv2.merge([factor, factor, factor])
    canvas.pixels = np.asarray(cv2.multiply(canvas.pixels, merged, dtype=cv2.CV_8U), dtype=np.uint8)


def plain(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """As drawn."""


def canvas_grain(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:  # noqa: ARG001
    """The texture of paper or canvas."""
    _brightened(canvas, _grain(canvas, rng, rng.uniform(12, 40), 3) * np.float32(rng.uniform(0.2, 0.7)))


def painterly(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:  # noqa: ARG001
    """Edges that wander as with a wet brush, and uneven pigment."""
    across = _grain(canvas, rng, rng.uniform(8, 20), 3)
    down = _grain(canvas, rng, rng.uniform(8, 20), 3)
    reach = np.float32(rng.uniform(0.02, 0.06) * canvas.width_px / canvas.extent[0])
    map_x = np.arange(canvas.width_px, dtype=np.float32)[None, :] + across * reach
    map_y = np.arange(canvas.height_px, dtype=np.float32)[:, None] + down * reach
    moved = cv2.remap(canvas.pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    canvas.pixels = np.asarray(moved, dtype=np.uint8)
    _brightened(canvas, (across + down) * np.float32(rng.uniform(0.3, 0.8)))


def lit_relief(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:  # noqa: ARG001
    """Shading as if brightness were height: thick paint, or a rendered scene."""
    grey = cv2.cvtColor(canvas.pixels, cv2.COLOR_BGR2GRAY).astype(np.float32)
    sigma = rng.uniform(0.006, 0.02) * canvas.width_px / canvas.extent[0]
    smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
    scale = sigma / 8
    slope = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=scale) + cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=scale)
    _brightened(canvas, np.asarray(np.clip(slope * np.float32(0.012), -0.5, 0.5), dtype=np.float32))


def halftone(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:  # noqa: ARG001
    """Printed dots over the shadows, as in a comic."""
    x, y = canvas.coordinates()
    pitch = np.float32(2 * np.pi * rng.uniform(22, 45))
    dots = np.sin((x + y) * pitch) * np.sin((x - y) * pitch)
    grey = cv2.cvtColor(canvas.pixels, cv2.COLOR_BGR2GRAY).astype(np.float32) * np.float32(1 / 255)
    dark = np.clip((dots * np.float32(0.5) + np.float32(0.5) - grey - np.float32(0.15)) * 5, 0, 1)
    _brightened(canvas, np.asarray(dark * np.float32(-rng.uniform(0.2, 0.5)), dtype=np.float32))


def duotone(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Recoloured through a ramp of its brightness, wholly or in part."""
    grey = cv2.cvtColor(canvas.pixels, cv2.COLOR_BGR2GRAY)
    toned = cv2.LUT(cv2.merge([grey, grey, grey]), ramp_through([palette.dark, palette.pick(rng), palette.light])[None])
    share = rng.uniform(0.3, 0.9)
    canvas.pixels = np.asarray(cv2.addWeighted(canvas.pixels, 1 - share, toned, share, 0), dtype=np.uint8)


def haze(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Drifting mist or light."""
    field = warped(fractal_noise(rng, canvas.extent, 2.5, 5), rng, canvas.extent, 2, 0.3)
    weight = enlarged(field, canvas.width_px, canvas.height_px) ** np.float32(2) * np.float32(rng.uniform(0.3, 0.9))
    canvas.blend(palette.light if rng.random() < 0.6 else palette.pick(rng), weight)


def graded(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:  # noqa: ARG001
    """A change of contrast and colour, as film or print gives it."""
    levels = np.arange(256) / 255
    table = np.empty((1, 256, 3), dtype=np.uint8)
    for channel in range(3):
        curve: NDArray[np.float64] = levels ** rng.uniform(0.7, 1.45) * rng.uniform(0.85, 1.1) + rng.uniform(
            -0.03, 0.08
        )
        table[0, :, channel] = (np.clip(curve, 0, 1) * 255).astype(np.uint8)
    canvas.pixels = np.asarray(cv2.LUT(canvas.pixels, table), dtype=np.uint8)


def sparks(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Flying sparks, bubbles, snow or petals in front of everything."""
    hollow, size = rng.random() < 0.4, rng.uniform(0.004, 0.02)
    color = palette.light if rng.random() < 0.7 else palette.pick(rng)
    for _ in range(int(rng.integers(15, 90))):
        at, radius = rng.random(2) * canvas.extent, size * rng.uniform(0.3, 1.6)
        if hollow:
            angle = np.linspace(0, 2 * np.pi, 14)
            canvas.stroke(at + 2 * radius * np.stack([np.cos(angle), np.sin(angle)], axis=1), color, radius * 0.3)
        else:
            canvas.disc(at, radius, color)


def oil_paint(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:  # noqa: ARG001
    """Painted over with short strokes in the colours of the picture below."""
    cells = int(rng.integers(14, 30))
    columns, rows = (round(length * cells) for length in canvas.extent)
    colors = cv2.resize(canvas.pixels, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.int32)
    flow = enlarged(fractal_noise(rng, canvas.extent, 2, 3), columns, rows) * np.float32(rng.uniform(2, 7))
    length, width = rng.uniform(0.5, 1.1) / cells, rng.uniform(0.35, 0.8) / cells
    jitter = rng.normal(0, 9, rows * columns)
    for index in rng.permutation(rows * columns)[: int(rng.uniform(0.4, 0.9) * rows * columns)]:
        row, column = divmod(int(index), columns)
        middle = (np.array([column, row]) + 0.5) / cells
        half = np.array([np.cos(flow[row, column]), np.sin(flow[row, column])]) * length
        blue, green, red = (float(value + jitter[index]) for value in colors[row, column])
        canvas.stroke(np.array([middle - half, middle + half]), (blue, green, red), width)


def hatching(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Pen strokes across the shadows, as in an engraving."""
    x, y = canvas.coordinates()
    grey = cv2.cvtColor(canvas.pixels, cv2.COLOR_BGR2GRAY).astype(np.float32) * np.float32(1 / 255)
    uneven = _grain(canvas, rng, 5, 3) * np.float32(0.12)
    pitch, turn = np.float32(2 * np.pi * rng.uniform(25, 55)), rng.uniform(0, np.pi)
    weight = np.zeros_like(grey)
    for limit, angle in ((0.6, turn), (0.35, turn + 1.1)):
        lines = np.sin((x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)) + uneven) * pitch)
        weight = np.maximum(weight, np.clip((lines * np.float32(0.4) + np.float32(limit) - grey) * 4, 0, 1))
    canvas.blend(palette.dark, np.asarray(weight * np.float32(rng.uniform(0.3, 0.75)), dtype=np.float32))


FINISHES: tuple[Finish, ...] = (
    plain, canvas_grain, canvas_grain, painterly, painterly, lit_relief, lit_relief, halftone, duotone, haze, graded,
    graded, sparks, oil_paint, hatching,
)  # fmt: skip
