"""Items of card art: potions, shields, chests, gems, books, arms, orbs and cogs.

Each is drawn about `at`, its middle, and is about twice `size` high.
"""

# ruff: noqa: RUF005 - arrays are added here, not lists

import numpy as np

from edge.simulator.drawing import Brush, Canvas
from edge.simulator.palette import Color, Palette, mix, scaled
from edge.simulator.people import draw_weapon
from edge.simulator.shapes import Points, ellipse, gear, regular, rosette, smooth, star

_GOLD: Color = (90.0, 190.0, 230.0)


def _metal(palette: Palette, rng: np.random.Generator) -> Color:
    return mix(palette.pick(rng), _GOLD, 0.6)


def potion(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A flask half full."""
    glass = mix(palette.pick(rng), (255.0, 255.0, 255.0), 0.6)
    belly = at + [0, size * 0.3]
    neck = np.array([[-0.16, -0.9], [0.16, -0.9], [0.16, -0.3], [-0.16, -0.3]])
    canvas.shape(neck * size + at, glass, brush)
    canvas.shape(ellipse(belly, size * 0.62, size * 0.6), glass, brush)
    canvas.shape(ellipse(belly, size * 0.54, size * 0.52)[0:19], palette.pick(rng), brush)
    canvas.shape(ellipse(at - [0, size * 0.95], size * 0.22, size * 0.1), (60, 100, 150), brush)


def shield(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A shield with a star."""
    first = palette.pick(rng)
    outline = smooth(np.array([[-0.8, -0.9], [0, -1.05], [0.8, -0.9], [0.8, 0.2], [0, 1.1], [-0.8, 0.2]]), 1)
    canvas.shape(outline * size + at, mix(first, _GOLD, 0.6), brush)
    canvas.shape(outline * size * 0.8 + at, first, brush)
    canvas.shape(star(int(rng.integers(4, 9)), 0.4) * size * 0.45 + at, palette.pick(rng), brush)


def chest(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A chest with metal bands."""
    wood, metal = palette.pick(rng), _metal(palette, rng)
    lid = smooth(np.array([[-0.95, -0.1], [-0.85, -0.75], [0.85, -0.75], [0.95, -0.1]]), 1)
    canvas.shape(np.array([[-0.9, -0.1], [0.9, -0.1], [0.85, 0.8], [-0.85, 0.8]]) * size + at, wood, brush)
    canvas.shape(lid * size + at, scaled(wood, 0.8), brush)
    band = np.array([[-0.08, -0.7], [0.08, -0.7], [0.08, 0.8], [-0.08, 0.8]])
    for x in (-0.6, 0.0, 0.6):
        canvas.shape((band + [x, 0]) * size + at, metal, brush)


def gem(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A cut stone."""
    color = palette.pick(rng)
    rim = regular(int(rng.integers(5, 9)), 0.3) * size * 0.9
    for index in range(len(rim)):
        facet = np.array([rim[index], rim[(index + 1) % len(rim)], [0, size * 0.1]]) + at
        canvas.shape(facet, mix(color, palette.light, rng.uniform(0, 0.7)), brush)


def book(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A book with an ornament."""
    color = palette.pick(rng)
    cover = np.array([[-0.7, -0.9], [0.7, -0.8], [0.7, 0.9], [-0.7, 0.85]])
    canvas.shape(cover * size + at, color, brush)
    canvas.shape(cover * size * 0.78 + at, scaled(color, 1.25), brush)
    canvas.shape(rosette(int(rng.integers(4, 9)), 0.5) * size * 0.35 + at, _metal(palette, rng), brush)


def weapon(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A sword, staff, axe or bow."""
    draw_weapon(canvas, rng, at + [0, size * 0.5], size, palette, brush)


def orb(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A crystal ball on a foot."""
    color = palette.pick(rng)
    for share in np.linspace(1, 0.2, 7):
        middle = at - np.array([0.25, 0.25]) * size * (1 - share)
        canvas.disc(middle, size * 0.85 * share, mix(palette.light, color, share))
    foot = np.array([[-0.5, 0.75], [0.5, 0.75], [0.7, 1.05], [-0.7, 1.05]])
    canvas.shape(foot * size + at, _metal(palette, rng), brush)


def cog(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A cog wheel or coin with a figure."""
    canvas.shape(gear(int(rng.integers(7, 15)), 0.22) * size * 0.9 + at, _metal(palette, rng), brush)
    canvas.shape(ellipse(at, size * 0.5, size * 0.5), palette.pick(rng), brush)
    canvas.shape(star(int(rng.integers(3, 8)), 0.5) * size * 0.35 + at, palette.pick(rng), brush)
