"""Machines, plants, items and ornaments of card art.

Each is drawn about `at`, its middle, and is about twice `size` high.
"""

# ruff: noqa: RUF005 - arrays are added here, not lists

import numpy as np

from edge.simulator.drawing import Brush, Canvas
from edge.simulator.palette import Color, Palette, mix
from edge.simulator.shapes import (
    Points,
    bezier,
    blob,
    ellipse,
    limb,
    mirrored,
    regular,
    ribbon,
    rosette,
    star,
)


def robot(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A machine of boxes, plates and lights."""
    plate, second, lamp = palette.pick(rng), palette.pick(rng), mix(palette.pick(rng), (255, 255, 255), 0.5)

    def box(x: float, y: float, w: float, h: float, color: Color) -> None:
        corners = np.array(
            [
                [x - w, y - h],
                [x + w, y - h],
                [x + w * rng.uniform(0.7, 1.2), y + h],
                [x - w * rng.uniform(0.7, 1.2), y + h],
            ]
        )
        canvas.shape(corners * size + at, color, brush)

    width = rng.uniform(0.25, 0.5)
    for side in (-1, 1):
        box(side * width * 0.6, 0.7, 0.13, 0.3, second)
        box(side * width * 0.65, 1.0, 0.22, 0.09, plate)
        box(side * (width + 0.2), rng.uniform(-0.2, 0.2), 0.11, 0.35, second)
        box(side * (width + 0.16), -0.42, 0.2, 0.14, plate)
    box(0, 0, width, 0.48, plate)
    box(0, -0.05, width * 0.6, 0.2, second)
    canvas.disc(at + np.array([0, -0.05]) * size, size * 0.11, lamp)
    box(0, -0.7, rng.uniform(0.16, 0.3), 0.19, plate)
    for x in np.linspace(-0.12, 0.12, int(rng.integers(1, 4))):
        canvas.disc(at + np.array([x, -0.72]) * size, size * 0.055, lamp)
    canvas.stroke(at + np.array([[0, -0.88], [rng.normal(0, 0.1), -1.15]]) * size, second, size * 0.03)


def flower(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A plant in bloom."""
    green, petals = mix(palette.pick(rng), (60, 140, 50), 0.6), int(rng.integers(4, 12))
    foot = at + np.array([rng.normal(0, 0.2), 1.1]) * size
    bloom = at - [0, size * 0.35]
    stem = bezier(np.array([bloom, at + [rng.normal(0, 0.3) * size, size * 0.4], foot]))
    canvas.shape(ribbon(stem, np.full(len(stem), size * 0.06)), green, brush)
    for node in (6, 10):
        side = 1 if node == 6 else -1
        canvas.shape(
            limb(
                stem[node],
                stem[node] + [side * size * 0.4, -size * 0.5],
                stem[node] + [side * size * 0.75, -size * 0.1],
                size * 0.14,
                0.002,
            ),
            green,
            brush,
        )
    for ring, color in ((1.0, palette.pick(rng)), (0.65, palette.pick(rng))):
        for petal in range(petals):
            angle = 2 * np.pi * petal / petals + ring
            middle = bloom + np.array([np.cos(angle), np.sin(angle)]) * size * 0.38 * ring
            canvas.shape(ellipse(middle, size * 0.32 * ring, size * 1.1 / petals * ring + 0.02, angle), color, brush)
    canvas.shape(ellipse(bloom, size * 0.17, size * 0.17), palette.light, brush)


def emblem(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """Nested ornaments with rotational symmetry: a seal, a mandala, a magic circle."""
    for share in np.linspace(1.1, 0.2, int(rng.integers(4, 8))):
        color, kind, count = palette.pick(rng), int(rng.integers(4)), int(rng.integers(3, 13))
        turn = rng.uniform(0, np.pi)
        if kind == 0:
            canvas.shape(star(count, rng.uniform(0.4, 0.85), turn) * size * share + at, color, brush)
        elif kind == 1:
            canvas.shape(rosette(count, rng.uniform(0.1, 0.5), turn) * size * share + at, color, brush)
        elif kind == 2:
            canvas.shape(ellipse(at, size * share, size * share), color, brush)
        else:
            for spoke in regular(count, turn):
                canvas.disc(at + spoke * size * share * 0.85, size * share * 0.14, color)


def mask(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A symmetrical mask or skull of random plates."""
    canvas.shape(blob(rng, at, size * 0.75, size, 0.06), palette.pick(rng), brush)
    for _ in range(int(rng.integers(4, 9))):
        place = np.array([rng.uniform(0.1, 0.75), rng.uniform(-0.9, 0.9)]) * size
        plate = blob(rng, place, size * rng.uniform(0.08, 0.3), size * rng.uniform(0.06, 0.25), 0.3) + at
        color = palette.pick(rng)
        canvas.shape(plate, color, brush)
        canvas.shape(mirrored(plate, float(at[0])), color, brush)
    for side in (-1, 1):
        socket = at + np.array([side * size * 0.32, -size * 0.12])
        canvas.shape(ellipse(socket, size * 0.2, size * rng.uniform(0.08, 0.24), side * 0.3), palette.dark, brush)
        canvas.disc(socket, size * 0.06, palette.light)
    canvas.fill(
        [ellipse(at + [0, size * 0.55], size * rng.uniform(0.15, 0.45), size * rng.uniform(0.04, 0.16))], palette.dark
    )
