"""People of card art.

Each is drawn about `at`, the middle of the figure, and is about twice `size` high.
"""

# ruff: noqa: RUF005 - arrays are added here, not lists

import numpy as np

from edge.simulator.drawing import Brush, Canvas
from edge.simulator.palette import Color, Palette, from_oklch, mix, scaled
from edge.simulator.shapes import Points, bezier, blob, ellipse, limb, smooth, turned


def _skin(rng: np.random.Generator, palette: Palette) -> Color:
    if rng.random() < 0.25:
        return palette.pick(rng)
    return from_oklch(rng.uniform(0.4, 0.88), rng.uniform(0.04, 0.08), rng.uniform(45, 75))


def _hair(canvas: Canvas, rng: np.random.Generator, head: Points, size: float, color: Color, brush: Brush) -> None:
    """Hair or headgear over a head of half width `size`."""
    kind = int(rng.integers(5))
    if kind == 0:
        tips = [
            head + np.array([np.cos(a), np.sin(a)]) * size * rng.uniform(1.2, 1.7) for a in np.linspace(-2.9, -0.2, 6)
        ]
        base = [head + np.array([np.cos(a), np.sin(a)]) * size * 0.95 for a in np.linspace(-2.7, -0.4, 5)]
        points = [head + [-size, -size * 0.1]]
        for tip, notch in zip(tips[:-1], base, strict=True):
            points += [tip, notch]
        canvas.shape(np.array([*points, tips[-1], head + [size, -size * 0.1], head + [0, -size * 0.55]]), color, brush)
    elif kind == 1:
        cap = np.concatenate(
            [ellipse(head - [0, size * 0.15], size * 1.08, size * 1.05)[18:], [head + [0, -size * 0.25]]]
        )
        canvas.shape(cap, color, brush)
    elif kind == 2:
        hat = np.array([[-1.5, -0.5], [1.5, -0.5], [0.6, -0.8], [0.2 * rng.normal(), -2.6], [-0.6, -0.8]])
        canvas.shape(hat * size + head, color, brush)
    elif kind == 3:
        helmet = np.concatenate(
            [
                ellipse(head, size * 1.1, size * 1.15)[17:],
                [head + [size, size * 0.1], head + [0, -size * 0.2], head - [size, -size * 0.1]],
            ]
        )
        canvas.shape(helmet, mix(color, (160, 160, 165), 0.7), brush)
        canvas.shape(
            limb(
                head - [0, size],
                head + [0, -size * 1.8],
                head + [size * rng.normal(), -size * 1.6],
                size * 0.2,
                size * 0.1,
            ),
            color,
            brush,
        )
    else:
        crown = np.array([[-0.9, -0.6], [-1.0, -1.5], [-0.45, -1.0], [0, -1.7], [0.45, -1.0], [1.0, -1.5], [0.9, -0.6]])
        canvas.shape(crown * size + head, (70, 190, 235), brush)


def _head(
    canvas: Canvas, rng: np.random.Generator, head: Points, size: float, tones: tuple[Color, Color], brush: Brush
) -> None:
    """A human head from the front; `tones` are those of skin and hair."""
    skin, hair = tones
    if rng.random() < 0.5:
        length = rng.uniform(0.8, 2.4)
        back = smooth(np.array([[-1.15, -0.6], [0, -1.2], [1.15, -0.6], [1.25, length], [-1.25, length]]), 2)
        canvas.shape(back * size + head, scaled(hair, 0.8), brush)
    jaw = smooth(np.array([[-0.85, -0.9], [0.85, -0.9], [0.95, 0.1], [0.35, 1.05], [-0.35, 1.05], [-0.95, 0.1]]), 2)
    canvas.shape(jaw * size + head, skin, brush)
    eye, wide = size * rng.uniform(0.12, 0.24), size * rng.uniform(0.9, 1.5)
    for side in (-1, 1):
        at = head + np.array([side * size * 0.4, size * 0.05])
        canvas.fill([ellipse(at, eye * wide / size, eye)], (248, 248, 248))
        canvas.disc(at, eye * 0.75, mix(hair, (120, 60, 20), 0.5))
        canvas.disc(at, eye * 0.4, (15, 12, 12))
        canvas.stroke(
            np.array([at + [-eye * 1.4, -eye * 1.6], at + [eye * 1.4, -eye * 1.6]]), scaled(hair, 0.5), eye * 0.4
        )
    canvas.stroke(head + np.array([[0.02, 0.15], [0.1, 0.42], [-0.04, 0.44]]) * size, scaled(skin, 0.65), size * 0.06)
    smile = bezier(np.array([[-0.28, 0.68], [0, 0.68 + rng.uniform(-0.15, 0.25)], [0.28, 0.68]]))
    canvas.stroke(smile * size + head, (60, 40, 120), size * 0.08)
    _hair(canvas, rng, head, size, hair, brush)


def draw_weapon(
    canvas: Canvas, rng: np.random.Generator, hand: Points, size: float, palette: Palette, brush: Brush
) -> None:
    """A sword, staff, axe or bow held at `hand`."""
    turn, kind, steel = rng.uniform(-0.9, 0.9), int(rng.integers(4)), (205.0, 200.0, 195.0)

    def place(points: list[list[float]]) -> Points:
        return turned(np.array(points), turn) * size + hand

    if kind == 0:
        canvas.shape(place([[-0.07, -0.1], [-0.06, -1.3], [0, -1.5], [0.06, -1.3], [0.07, -0.1]]), steel, brush)
        canvas.shape(place([[-0.25, -0.1], [0.25, -0.1], [0.25, 0], [-0.25, 0]]), palette.pick(rng), brush)
    elif kind == 1:
        canvas.shape(place([[-0.035, -1.3], [0.035, -1.3], [0.035, 1.0], [-0.035, 1.0]]), (50, 80, 110), brush)
        canvas.shape(blob(rng, place([[0, -1.4]])[0], size * 0.17, size * 0.17, 0.1), palette.pick(rng), brush)
    elif kind == 2:
        canvas.shape(place([[-0.04, -1.1], [0.04, -1.1], [0.04, 0.6], [-0.04, 0.6]]), (45, 70, 100), brush)
        canvas.shape(place([[0.04, -1.05], [0.5, -1.25], [0.6, -0.8], [0.5, -0.45], [0.04, -0.7]]), steel, brush)
    else:
        arc = bezier(place([[0, -1.0], [0.75, 0.0], [0, 1.0]]))
        canvas.stroke(arc, (40, 70, 120), size * 0.08)
        canvas.stroke(arc[[0, -1]], (230, 230, 230), size * 0.02)


def hero(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A person standing: robe, armour or trousers, a cloak, a weapon. `at` is the middle, `size` half the height."""
    skin, hair, cloth, second = _skin(rng, palette), palette.pick(rng), palette.pick(rng), palette.pick(rng)
    head, unit = at - [0, size * 0.72], size * rng.uniform(0.14, 0.3)
    shoulder, hip = unit * rng.uniform(1.1, 1.9), unit * rng.uniform(0.8, 1.3)
    neck, waist, foot = at[1] - size * 0.5, at[1] + size * 0.05, at[1] + size
    if rng.random() < 0.5:
        flare = rng.uniform(1.2, 2.6)
        cloak = np.array(
            [
                [-shoulder, neck],
                [shoulder, neck],
                [shoulder * flare, foot - size * 0.2],
                [-shoulder * flare, foot - size * 0.1],
            ]
        )
        canvas.shape(smooth(cloak + [at[0], 0], 1), second, brush)
    if rng.random() < 0.45:
        robe = np.array(
            [[-hip, waist], [hip, waist], [hip * rng.uniform(1.3, 2.6), foot], [-hip * rng.uniform(1.3, 2.6), foot]]
        )
        canvas.shape(robe + [at[0], 0], cloth, brush)
    else:
        for side in (-1, 1):
            toe = np.array([at[0] + side * hip * rng.uniform(0.6, 1.8), foot])
            top = np.array([at[0] + side * hip * 0.5, waist])
            canvas.shape(
                limb(top, (top + toe) / 2 + [side * unit * 0.3, 0], toe, unit * 0.55, unit * 0.32), second, brush
            )
    torso = np.array([[-shoulder, neck], [shoulder, neck], [hip, waist + unit * 0.3], [-hip, waist + unit * 0.3]])
    canvas.shape(smooth(torso + [at[0], 0], 1), cloth, brush)
    if rng.random() < 0.5:
        canvas.fill(
            [
                np.array([[-unit * 0.12, neck], [unit * 0.12, neck], [unit * 0.12, waist], [-unit * 0.12, waist]])
                + [at[0], 0]
            ],
            second,
        )
    for side in (-1, 1):
        start = np.array([at[0] + side * shoulder * 0.9, neck + unit * 0.4])
        hand = start + np.array([side * rng.uniform(0.1, 0.5), rng.uniform(-0.5, 0.5)]) * size
        if side > 0 and rng.random() < 0.7:
            draw_weapon(canvas, rng, hand, size * rng.uniform(0.5, 0.8), palette, brush)
        canvas.shape(
            limb(start, start + [side * size * 0.22, size * 0.15], hand, unit * 0.38, unit * 0.24), cloth, brush
        )
        canvas.shape(ellipse(hand, unit * 0.28, unit * 0.28), skin, brush)
    _head(canvas, rng, head, unit, (skin, hair), brush)


def portrait(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """Head and shoulders, large."""
    cloth, unit = palette.pick(rng), size * rng.uniform(0.42, 0.62)
    low = at[1] + size * 1.6
    shoulders = np.array([[-1.0, 0.75], [1.0, 0.75], [1.9, 1.3], [2.1, 3.5], [-2.1, 3.5], [-1.9, 1.3]]) * unit + at
    skin, hair = _skin(rng, palette), palette.pick(rng)
    canvas.shape(
        limb(at, at + [0, unit], np.array([at[0], min(low, at[1] + unit * 1.5)]), unit * 0.45, unit * 0.5), skin, brush
    )
    canvas.shape(smooth(shoulders, 1), cloth, brush)
    canvas.shape(np.array([[-0.5, 0.9], [0.5, 0.9], [0, 2.0]]) * unit + at, palette.pick(rng), brush)
    _head(canvas, rng, at, unit, (skin, hair), brush)
