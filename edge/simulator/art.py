"""Card art: background, scenery and subject, composed anew from every seed and finished in one of many manners."""

# ruff: noqa: RUF005 - arrays are added here, not lists

from collections.abc import Callable

import cv2
import numpy as np

from edge.geometry import Image
from edge.simulator import backgrounds, creatures, patterns, people, things, treasures
from edge.simulator.drawing import Brush, Canvas
from edge.simulator.fields import enlarged, fractal_noise
from edge.simulator.finishing import FINISHES
from edge.simulator.palette import Palette, random_palette
from edge.simulator.scenery import SCENERY
from edge.simulator.sculpture import sculpture
from edge.simulator.shapes import Points

Subject = Callable[[Canvas, Palette, np.random.Generator, Brush, Points, float], None]

Background = Callable[[Canvas, Palette, np.random.Generator], None]

_BACKGROUNDS: tuple[tuple[Background, float], ...] = (
    (backgrounds.gradient, 1.0),
    (backgrounds.clouds, 1.2),
    (backgrounds.swirls, 1.3),
    (patterns.stained_glass, 0.5),
    (patterns.low_poly, 0.6),
    (patterns.rays, 0.7),
    (patterns.rings, 0.5),
    (patterns.interference, 0.3),
    (backgrounds.bokeh, 0.8),
    (backgrounds.starfield, 0.8),
    (patterns.pattern, 0.4),
    (backgrounds.brush_strokes, 1.2),
    (backgrounds.flow_lines, 0.5),
    (backgrounds.soft_light, 1.3),
    (backgrounds.relief, 1.0),
    (patterns.speed_lines, 0.7),
    (backgrounds.horizon, 1.4),
    (backgrounds.leaves, 0.8),
    (patterns.light_tunnel, 0.4),
)

_SUBJECTS: tuple[tuple[Subject, float], ...] = (
    (creatures.beast, 3.0),
    (creatures.quadruped, 1.6),
    (creatures.serpent, 1.2),
    (creatures.flyer, 1.2),
    (creatures.fish, 0.6),
    (people.hero, 2.2),
    (people.portrait, 1.0),
    (things.robot, 1.0),
    (things.flower, 0.5),
    (treasures.potion, 0.2),
    (treasures.shield, 0.2),
    (treasures.chest, 0.2),
    (treasures.gem, 0.2),
    (treasures.book, 0.2),
    (treasures.weapon, 0.2),
    (treasures.orb, 0.2),
    (treasures.cog, 0.2),
    (things.emblem, 0.6),
    (things.mask, 0.5),
    (sculpture, 1.0),
)


def paint_art(seed: int, width_mm: float, height_mm: float, px_per_mm: float) -> Image:
    """The picture that a seed determines.

    Args:
        seed: of everything in it.
        width_mm: of the picture.
        height_mm: of the picture.
        px_per_mm: resolution; the picture is the same at every one.

    Returns:
        uint8 [round(height_mm * px_per_mm), round(width_mm * px_per_mm), 3], BGR.
    """
    rng = np.random.default_rng(np.random.SeedSequence([14, seed]))
    canvas = Canvas(width_mm, height_mm, px_per_mm)
    palette = random_palette(rng)
    _background(canvas, palette, rng)
    figure_palette = palette if rng.random() < 0.4 else random_palette(rng)
    for index in rng.choice(len(SCENERY), size=int(rng.choice(4, p=[0.3, 0.4, 0.2, 0.1])), replace=False):
        SCENERY[index](canvas, palette if rng.random() < 0.7 else figure_palette, rng)
    if rng.random() < 0.85:
        if rng.random() < 0.35:
            canvas.blur(rng.uniform(0.006, 0.03))
        _subjects(canvas, figure_palette, rng)
    FINISHES[int(rng.integers(len(FINISHES)))](canvas, palette, rng)
    if rng.random() < 0.4:
        _vignette(canvas, rng)
    return canvas.pixels


def _background(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    weights = np.array([weight for _, weight in _BACKGROUNDS])
    paint, _ = _BACKGROUNDS[int(rng.choice(len(_BACKGROUNDS), p=weights / weights.sum()))]
    paint(canvas, palette, rng)


def _brush(palette: Palette, rng: np.random.Generator) -> Brush:
    turn = rng.uniform(-2.6, -0.5)
    outlined = rng.random() < 0.6
    return Brush(
        outline=(palette.dark if rng.random() < 0.8 else palette.light) if outlined else None,
        outline_width=rng.uniform(0.004, 0.016),
        shading=("flat", "cel", "soft", "rough")[int(rng.choice(4, p=[0.15, 0.3, 0.4, 0.15]))],
        light=(float(np.cos(turn)), float(np.sin(turn))),
    )


def _subjects(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """One subject near the middle, a pair, or a group."""
    weights = np.array([weight for _, weight in _SUBJECTS])
    draw, _ = _SUBJECTS[int(rng.choice(len(_SUBJECTS), p=weights / weights.sum()))]
    brush = _brush(palette, rng)
    count = int(rng.choice([1, 2, 3, 6], p=[0.78, 0.12, 0.06, 0.04]))
    size = (
        rng.choice([0.26, 0.34, 0.42, 0.55])
        * rng.uniform(0.85, 1.15)
        * canvas.extent[1] ** 0.5
        * (1.0, 0.8, 0.62, 0.45)[(1, 2, 3, 6).index(count)]
    )
    if rng.random() < 0.5:
        _glow(canvas, palette, rng, size)
    for index in range(count):
        spread = 0.04 if count == 1 else 0.22
        at = canvas.center + rng.normal(0, spread, 2) * canvas.extent + [0, 0.04 * index]
        if draw is not people.portrait:
            canvas.shadow(at + [0, size * 1.02], size)
        canvas.pose(at, rng.normal(0, 0.16), rng.uniform(0.8, 1.25))
        draw(canvas, palette, rng, brush, at, size * (1 + 0.12 * index))
        canvas.pose(at, 0.0, 1.0)


def _glow(canvas: Canvas, palette: Palette, rng: np.random.Generator, size: float) -> None:
    """Light or darkness behind the subject."""
    radius, _ = canvas.polar(canvas.center)
    weight = np.exp(-((radius / np.float32(size * rng.uniform(0.8, 1.8))) ** 2)) * np.float32(rng.uniform(0.3, 0.8))
    canvas.blend(palette.light if rng.random() < 0.7 else palette.dark, np.asarray(weight, dtype=np.float32))


def _vignette(canvas: Canvas, rng: np.random.Generator) -> None:
    """Uneven light: darker towards the corners, cloudy."""
    radius, _ = canvas.polar(canvas.center)
    cloud = enlarged(fractal_noise(rng, canvas.extent, 2, 3), canvas.width_px, canvas.height_px)
    light = np.float32(1.12) - np.float32(rng.uniform(0.1, 0.6)) * radius * radius - np.float32(0.25) * cloud
    factor = cv2.merge([light, light, light])
    canvas.pixels = np.asarray(cv2.multiply(canvas.pixels, factor, dtype=cv2.CV_8U), dtype=np.uint8)
