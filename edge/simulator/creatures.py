"""Creatures of card art: invented animals and monsters, put together from bodies, limbs, wings, tails and faces.

Each is drawn about `at`, the middle of its body, and is about twice `size` high.
"""

# ruff: noqa: RUF005 - arrays are added here, not lists

import numpy as np

from edge.simulator.anatomy import coat_of, draw_ears, draw_eye, draw_face, draw_markings, draw_wings
from edge.simulator.drawing import Brush, Canvas
from edge.simulator.palette import Palette, scaled
from edge.simulator.shapes import Points, blob, ellipse, limb, ribbon, smooth


def beast(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A creature seen from the front: round to tall, with what limbs chance gives it.

    `at` is the middle of its body, `size` about half its height.
    """
    coat = coat_of(palette, rng)
    wide, tall = size * rng.uniform(0.35, 0.7), size * rng.uniform(0.4, 0.65)
    head_size = size * rng.uniform(0.3, 0.55)
    head = at + [rng.normal(0, 0.06) * size, -tall * 0.8 - head_size * 0.4]
    if rng.random() < 0.35:
        draw_wings(canvas, rng, at - [0, tall * 0.4], size * rng.uniform(0.9, 1.6), coat, brush)
    if rng.random() < 0.6:
        side = rng.choice([-1, 1])
        tip = at + np.array([side * rng.uniform(0.9, 1.5), rng.uniform(-0.9, 0.6)]) * size
        canvas.shape(
            limb(
                at + [0, tall * 0.5], at + [side * size * 1.1, tall], tip, size * 0.14, size * rng.uniform(0.01, 0.16)
            ),
            coat.body,
            brush,
        )
    foot_y = tall + size * rng.uniform(0.05, 0.35)
    for side in (-1, 1):
        foot = at + np.array([side * wide * 0.6, foot_y])
        canvas.shape(
            limb(at + [side * wide * 0.5, tall * 0.3], foot - [0, size * 0.1], foot, size * 0.17, size * 0.15),
            coat.body,
            brush,
        )
        canvas.shape(ellipse(foot + [side * size * 0.05, 0], size * 0.2, size * 0.1), coat.second, brush)
    canvas.shape(blob(rng, at, wide, tall, rng.uniform(0, 0.12)), coat.body, brush)
    draw_markings(canvas, rng, at, min(wide, tall), coat)
    arm, raise_ = size * rng.uniform(0.05, 0.15), rng.uniform(-0.8, 0.6, 2)
    for side, height in zip((-1, 1), raise_, strict=True):
        shoulder = at + np.array([side * wide * 0.75, -tall * 0.35])
        hand = shoulder + np.array([side * size * 0.45, height * size * 0.6])
        canvas.shape(limb(shoulder, shoulder + [side * size * 0.4, size * 0.1], hand, arm, arm * 0.8), coat.body, brush)
        canvas.shape(ellipse(hand, arm * 1.3, arm * 1.3), coat.second, brush)
    draw_ears(canvas, rng, head, head_size, coat, brush)
    canvas.shape(blob(rng, head, head_size, head_size * rng.uniform(0.75, 1), rng.uniform(0, 0.1)), coat.body, brush)
    draw_face(canvas, rng, head, head_size, coat, brush)


def quadruped(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float
) -> None:
    """A four-legged animal from the side."""
    coat, facing = coat_of(palette, rng), float(rng.choice([-1, 1]))
    long, high, leg = size * rng.uniform(0.6, 0.95), size * rng.uniform(0.25, 0.5), size * rng.uniform(0.3, 0.75)
    tip = at + np.array([-facing * (long + size * 0.5), rng.uniform(-0.7, 0.4) * size])
    canvas.shape(
        limb(
            at - [facing * long * 0.8, 0],
            at - [facing * long * 1.3, -high * 0.3],
            tip,
            size * 0.1,
            size * rng.uniform(0.01, 0.14),
        ),
        coat.second,
        brush,
    )
    for x, shade in ((0.55, 0.75), (-0.7, 0.75), (0.75, 1.0), (-0.5, 1.0)):
        hip = at + np.array([x * long * facing, high * 0.4])
        foot = hip + np.array([rng.normal(0, 0.12) * size, leg])
        canvas.shape(
            limb(hip, (hip + foot) / 2 + [size * 0.1 * facing, 0], foot, size * 0.14, size * 0.08),
            scaled(coat.body, shade),
            brush,
        )
    if rng.random() < 0.25:
        draw_wings(canvas, rng, at - [0, high * 0.6], size * rng.uniform(0.8, 1.3), coat, brush)
    canvas.shape(blob(rng, at, long, high, rng.uniform(0, 0.12)), coat.body, brush)
    draw_markings(canvas, rng, at, high, coat)
    head_size = size * rng.uniform(0.22, 0.4)
    head = at + np.array([facing * (long + head_size * 0.4), -high - head_size * rng.uniform(0, 1.2)])
    canvas.shape(
        limb(
            at + [facing * long * 0.6, -high * 0.2],
            head + [-facing * head_size * 0.5, high * 0.3],
            head,
            high * 0.55,
            head_size * 0.6,
        ),
        coat.body,
        brush,
    )
    if rng.random() < 0.4:
        canvas.shape(blob(rng, head, head_size * 1.5, head_size * 1.5, 0.25), coat.second, brush)
    draw_ears(canvas, rng, head, head_size, coat, brush)
    canvas.shape(ellipse(head, head_size, head_size * 0.85), coat.body, brush)
    canvas.shape(
        ellipse(head + [facing * head_size * 0.8, head_size * 0.3], head_size * 0.6, head_size * 0.4), coat.belly, brush
    )
    draw_eye(
        canvas, head + [facing * head_size * 0.3, -head_size * 0.2], head_size * 0.25, coat, brush, int(rng.integers(4))
    )


def serpent(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A snake, dragon or worm: a winding body with spines and a head."""
    coat, steps = coat_of(palette, rng), np.linspace(0, 1, 40)
    turns, reach = rng.uniform(0.7, 2.2), rng.uniform(0.5, 1.0)
    x = np.sin(steps * turns * 2 * np.pi + rng.uniform(0, 6)) * size * reach * (1 - 0.3 * steps)
    y = (1 - 2 * steps) * size * rng.uniform(0.7, 1.1)
    line = np.stack([x, y], axis=1) + at
    widths = size * rng.uniform(0.1, 0.24) * np.sin(np.pi * (0.06 + 0.72 * steps)) + 0.002
    if rng.random() < 0.5:
        draw_wings(canvas, rng, line[26], size * rng.uniform(0.8, 1.5), coat, brush)
    outline = ribbon(line, widths)
    for index in range(2, 37, 2):
        normal = outline[index] - line[index]
        canvas.fill([np.array([outline[index - 1], line[index] + normal * 1.9, outline[index + 1]])], coat.second)
    canvas.shape(outline, coat.body, brush)
    for index in range(3, 38):
        canvas.stroke(
            np.array([line[index], line[index] - (outline[index] - line[index]) * 0.8]),
            coat.belly,
            widths[index] * 0.35,
        )
    head, head_size = line[-1], size * rng.uniform(0.2, 0.34)
    draw_ears(canvas, rng, head, head_size, coat, brush)
    canvas.shape(blob(rng, head, head_size, head_size * 0.85, 0.08), coat.body, brush)
    draw_face(canvas, rng, head, head_size, coat, brush)


def flyer(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A bird, moth or bat with spread wings."""
    coat = coat_of(palette, rng)
    draw_wings(canvas, rng, at, size * rng.uniform(1.0, 1.7), coat, brush)
    for spread in np.linspace(-0.4, 0.4, int(rng.integers(1, 5))):
        canvas.shape(
            limb(
                at, at + [spread * size * 0.3, size * 0.5], at + [spread * size, size * 1.1], size * 0.08, size * 0.05
            ),
            coat.second,
            brush,
        )
    canvas.shape(ellipse(at, size * 0.26, size * 0.5), coat.body, brush)
    head, head_size = at - [0, size * 0.55], size * rng.uniform(0.2, 0.32)
    draw_ears(canvas, rng, head, head_size, coat, brush)
    canvas.shape(ellipse(head, head_size, head_size), coat.body, brush)
    draw_face(canvas, rng, head, head_size, coat, brush)


def fish(canvas: Canvas, palette: Palette, rng: np.random.Generator, brush: Brush, at: Points, size: float) -> None:
    """A fish from the side."""
    coat, facing = coat_of(palette, rng), float(rng.choice([-1, 1]))
    long, high = size * rng.uniform(0.7, 1.0), size * rng.uniform(0.25, 0.6)
    tail = at - [facing * long * 0.85, 0]
    canvas.shape(
        np.array(
            [
                tail,
                tail + [-facing * size * 0.5, -high],
                tail + [-facing * size * 0.3, 0],
                tail + [-facing * size * 0.5, high * 0.9],
            ]
        ),
        coat.second,
        brush,
    )
    canvas.shape(
        smooth(
            np.array(
                [
                    at + [-long * 0.5, -high * 0.7],
                    at + [facing * size * 0.1, -high * 1.8],
                    at + [long * 0.5, -high * 0.7],
                ]
            ),
            1,
        ),
        coat.second,
        brush,
    )
    steps = np.linspace(-1, 1, 30)
    line = np.stack([at[0] + facing * steps * long, np.full(30, at[1])], axis=1)
    canvas.shape(
        ribbon(line, high * np.sqrt(np.clip(1 - steps**2, 0, 1)) * (0.75 + 0.25 * steps) + 0.002), coat.body, brush
    )
    draw_markings(canvas, rng, at, high, coat)
    draw_eye(canvas, at + [facing * long * 0.6, -high * 0.2], size * 0.1, coat, brush, int(rng.integers(4)))
