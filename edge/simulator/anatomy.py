"""Parts of creatures: eyes, mouths, ears, wings, coats."""

# ruff: noqa: RUF005 - arrays are added here, not lists

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edge.simulator.drawing import Brush, Canvas
from edge.simulator.palette import Color, Palette, mix
from edge.simulator.shapes import Points, bezier, blob, ellipse, limb, mirrored, ribbon, smooth


@dataclass(frozen=True, slots=True, kw_only=True)
class Coat:
    """Colours of one creature."""

    body: Color
    second: Color
    belly: Color
    eye: Color


def coat_of(palette: Palette, rng: np.random.Generator) -> Coat:
    """Colours for a creature: from the palette, or brighter than it."""
    body = palette.pick(rng)
    if rng.random() < 0.4:
        body = mix(body, palette.light, rng.uniform(0.2, 0.6))
    return Coat(
        body=body,
        second=palette.pick(rng),
        belly=mix(body, palette.light, rng.uniform(0.3, 0.7)),
        eye=palette.pick(rng),
    )


def draw_eye(canvas: Canvas, at: Points, size: float, coat: Coat, brush: Brush, kind: int) -> None:
    """An eye; `kind` 0 round, 1 slit, 2 glowing, 3 a dot."""
    dark = (18.0, 14.0, 14.0)
    if kind == 3:
        canvas.disc(at, size * 0.6, dark)
        canvas.disc(at - [size * 0.2, size * 0.2], size * 0.2, (250, 250, 250))
        return
    if kind == 2:
        canvas.disc(at, size, coat.eye)
        canvas.disc(at, size * 0.6, mix(coat.eye, (255, 255, 255), 0.8))
        return
    canvas.shape(ellipse(at, size, size * 1.15), (245, 246, 246), brush)
    canvas.disc(at + [0, size * 0.1], size * 0.62, coat.eye)
    canvas.fill([ellipse(at + [0, size * 0.1], size * (0.34 if kind == 0 else 0.13), size * 0.45)], dark)
    canvas.disc(at - [size * 0.2, size * 0.2], size * 0.2, (255, 255, 255))


def _mouth(canvas: Canvas, at: Points, width: float, brush: Brush, kind: int) -> None:
    """A mouth; `kind` 0 a smile, 1 open with teeth, 2 a beak, 3 none."""
    ink = brush.outline or (20.0, 16.0, 18.0)
    if kind == 0:
        line = bezier(np.array([at - [width, 0], at + [0, width * 0.8], at + [width, 0]]))
        canvas.stroke(line, ink, width * 0.14)
    elif kind == 1:
        line = bezier(np.array([at - [width, 0], at + [0, width * 1.8], at + [width, 0]]))
        canvas.fill([line], (30, 20, 90))
        for tooth in np.linspace(-0.7, 0.5, 4):
            corner = at + [tooth * width, 0]
            canvas.fill(
                [np.array([corner, corner + [width * 0.26, 0], corner + [width * 0.13, width * 0.4]])], (235, 245, 245)
            )
        canvas.stroke(line, ink, width * 0.1, closed=True)
    elif kind == 2:
        beak = np.array([at + [-width * 0.6, -width * 0.3], at + [width * 0.6, -width * 0.3], at + [0, width]])
        canvas.shape(smooth(beak, 1), (50, 160, 235), brush)


def draw_markings(canvas: Canvas, rng: np.random.Generator, center: Points, size: float, coat: Coat) -> None:
    """Spots, stripes or a pale belly on a body."""
    kind = int(rng.integers(4))
    if kind == 0:
        for _ in range(int(rng.integers(4, 12))):
            place = center + rng.normal(0, 0.35, 2) * size
            canvas.fill([blob(rng, place, size * 0.11, size * 0.1, 0.2)], coat.second)
    elif kind == 1:
        for level in np.linspace(-0.5, 0.6, int(rng.integers(3, 6))):
            line = bezier(np.array([[-0.55, level - 0.1], [0, level + 0.12], [0.55, level - 0.1]])) * size + center
            canvas.fill([ribbon(line, size * 0.05 * np.sin(np.linspace(0, np.pi, len(line))) + 0.001)], coat.second)
    elif kind == 2:
        canvas.fill([ellipse(center + [0, size * 0.25], size * 0.5, size * 0.6)], coat.belly)


def draw_wings(canvas: Canvas, rng: np.random.Generator, root: Points, span: float, coat: Coat, brush: Brush) -> None:
    """A pair of wings from `root`: membranes, feathers or an insect's."""
    kind, lift = int(rng.integers(3)), rng.uniform(0.1, 0.9)
    if kind == 0:
        tips = [np.array([np.cos(a), -np.sin(a)]) * span for a in np.linspace(1.1 * lift + 0.3, -0.5, 5)]
        outline = [np.zeros(2)]
        for first, second in pairwise(tips):
            outline += [first, (first + second) * 0.36]
        parts = [np.array([*outline, tips[-1]])]
    elif kind == 1:
        angles = np.linspace(1.2 * lift, -0.6, 7)
        parts = [
            limb(
                np.zeros(2),
                np.array([np.cos(a), -np.sin(a)]) * span * 0.5,
                np.array([np.cos(a - 0.2), -np.sin(a - 0.2)]) * span * (1 - 0.07 * i),
                span * 0.08,
                span * 0.05,
            )
            for i, a in enumerate(angles)
        ]
    else:
        parts = [ellipse(np.array([0.5, -0.25 * lift]) * span, span * 0.5, span * 0.24, -0.5 * lift),
                 ellipse(np.array([0.38, 0.25]) * span, span * 0.36, span * 0.18, 0.6)]  # fmt: skip
    for part in parts:
        for outline_points in (part + root, mirrored(part + root, float(root[0]))):
            canvas.shape(outline_points, coat.second, brush)


def draw_ears(canvas: Canvas, rng: np.random.Generator, head: Points, size: float, coat: Coat, brush: Brush) -> None:
    """A pair of ears, horns or antennae."""
    kind, lean, length = int(rng.integers(5)), rng.uniform(0.3, 1.2), size * rng.uniform(0.6, 1.5)
    foot = head + np.array([np.sin(lean), -np.cos(lean)]) * size * 0.75
    tip = foot + np.array([np.sin(lean), -np.cos(lean)]) * length
    if kind == 0:
        part = np.array([foot + [-size * 0.3, 0], tip, foot + [size * 0.3, size * 0.1]])
        color = coat.body
    elif kind == 1:
        part = smooth(limb(foot, (foot + tip) / 2 + [size * 0.3, 0], tip, size * 0.22, size * 0.16), 1)
        color = coat.body
    elif kind == 2:
        part = limb(foot, foot + [length * 0.8, -length * 0.1], tip + [0, -length * 0.2], size * 0.17, 0.002)
        color = mix(coat.belly, (230, 240, 245), 0.5)
    elif kind == 3:
        part = ellipse(foot, size * 0.36, size * 0.36)
        color = coat.second
    else:
        part = limb(foot, foot + [0, -length], tip, size * 0.04, size * 0.09)
        color = coat.second
    for outline in (part, mirrored(part, float(head[0]))):
        canvas.shape(outline, color, brush)


def draw_face(canvas: Canvas, rng: np.random.Generator, head: Points, size: float, coat: Coat, brush: Brush) -> None:
    """Eyes, mouth and sometimes a muzzle on a head of half width `size`."""
    kind, eye_size = int(rng.choice(4, p=[0.4, 0.2, 0.15, 0.25])), size * rng.uniform(0.13, 0.3)
    spread, level = size * rng.uniform(0.3, 0.55), -size * rng.uniform(0.0, 0.3)
    if rng.random() < 0.35:
        canvas.shape(ellipse(head + [0, size * 0.4], size * 0.5, size * 0.36), coat.belly, brush)
        canvas.disc(head + [0, size * 0.22], size * 0.1, (25, 20, 25))
    _mouth(canvas, head + [0, size * 0.42], size * rng.uniform(0.15, 0.4), brush, int(rng.integers(4)))
    eyes = [head + [0, level]] if rng.random() < 0.08 else [head + [-spread, level], head + [spread, level]]
    for at in eyes:
        draw_eye(canvas, at, eye_size * (1.6 if len(eyes) == 1 else 1.0), coat, brush, kind)
        if rng.random() < 0.25:
            inward = np.sign(head[0] - at[0]) * eye_size
            canvas.stroke(
                np.array([at + [-inward * 1.2, -eye_size * 1.6], at + [inward, -eye_size]]),
                (20, 16, 18),
                eye_size * 0.35,
            )
