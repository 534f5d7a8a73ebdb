"""Scenery of card art: what stands between background and subject."""

# ruff: noqa: RUF005 - arrays are added here, not lists

from collections.abc import Callable

import numpy as np

from edge.simulator.drawing import Canvas
from edge.simulator.palette import Color, Palette, mix, scaled
from edge.simulator.shapes import Points, blob, ellipse, ribbon, star

Scenery = Callable[[Canvas, Palette, np.random.Generator], None]


def _ridge(canvas: Canvas, rng: np.random.Generator, level: float, height: float, roughness: float) -> Points:
    """A silhouette from the left to the right edge, closed below the picture (midpoint displacement)."""
    line = rng.normal(0, 1, 3)
    amplitude = 1.0
    for _ in range(5):
        amplitude *= roughness
        middles = (line[:-1] + line[1:]) / 2 + rng.normal(0, amplitude, len(line) - 1)
        merged = np.empty(len(line) + len(middles))
        merged[::2], merged[1::2] = line, middles
        line = merged
    x = np.linspace(-0.02, canvas.extent[0] + 0.02, len(line))
    bottom = canvas.extent[1] + 0.1
    top = np.stack([x, level - height * line], axis=1)
    return np.concatenate([top, [[x[-1], bottom], [x[0], bottom]]])


def mountains(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Ranges of hills or peaks, paler with distance."""
    near, far = palette.pick(rng), palette.pick(rng)
    layers, roughness = int(rng.integers(2, 6)), rng.uniform(0.25, 0.75)
    for layer in range(layers):
        depth = layer / max(layers - 1, 1)
        level = canvas.extent[1] * (0.4 + 0.45 * depth)
        ridge = _ridge(canvas, rng, level, rng.uniform(0.03, 0.14), roughness)
        canvas.fill([ridge], mix(far, scaled(near, 0.7), depth))
        if rng.random() < 0.3:
            canvas.stroke(ridge, palette.dark, 0.008)


def skyline(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Rows of buildings with lit windows."""
    wall, lamp = palette.dark, mix(palette.light, palette.pick(rng), 0.4)
    bottom = canvas.extent[1] + 0.05
    for layer in range(2):
        x = -0.05
        color = mix(wall, palette.pick(rng), 0.45 - 0.35 * layer)
        while x < canvas.extent[0]:
            width, height = rng.uniform(0.06, 0.18), rng.uniform(0.2, 0.75) * (1 - 0.3 * layer)
            top = bottom - height
            canvas.fill([np.array([[x, top], [x + width, top], [x + width, bottom], [x, bottom]])], color)
            if rng.random() < 0.3:
                canvas.fill([np.array([[x, top], [x + width / 2, top - width], [x + width, top]])], color)
            for row in np.arange(top + 0.02, bottom, 0.045):
                for column in np.arange(x + 0.015, x + width - 0.015, 0.035):
                    if rng.random() < 0.35:
                        corners = np.array([[0, 0], [0.014, 0], [0.014, 0.02], [0, 0.02]]) + [column, row]
                        canvas.fill([corners], lamp)
            x += width + rng.uniform(0, 0.03)


def _tree(canvas: Canvas, rng: np.random.Generator, foot: Points, height: float, colors: tuple[Color, Color]) -> None:
    """A conifer, a round tree or a bare branching one."""
    trunk, crown = colors
    kind = int(rng.integers(3))
    if kind == 2:
        _branches(canvas, rng, foot, (-np.pi / 2, height * 0.35), trunk, 4)
        return
    base = np.array([[-0.04, 0], [0.04, 0], [0.03, -0.5], [-0.03, -0.5]]) * height + foot
    canvas.fill([base], trunk)
    if kind == 0:
        for tier in range(4):
            low, width = height * (0.15 + 0.2 * tier), height * (0.3 - 0.055 * tier)
            outline = np.array([[-width, -low], [width, -low], [0, -low - height * 0.34]]) + foot
            canvas.fill([outline], scaled(crown, 0.75 + 0.12 * tier))
        return
    for puff in range(6):
        middle = foot + np.array([rng.normal(0, 0.13), -0.65 + rng.normal(0, 0.12)]) * height
        size = height * rng.uniform(0.14, 0.24)
        canvas.fill([blob(rng, middle, size, size, 0.15)], scaled(crown, 0.7 + 0.1 * puff))


def _branches(
    canvas: Canvas, rng: np.random.Generator, foot: Points, heading: tuple[float, float], color: Color, depth: int
) -> None:
    angle, length = heading
    end = foot + length * np.array([np.cos(angle), np.sin(angle)])
    canvas.stroke(np.array([foot, end]), color, length * 0.12)
    if depth > 0:
        for turn in (-1, 1):
            _branches(
                canvas,
                rng,
                end,
                (angle + turn * rng.uniform(0.2, 0.7), length * rng.uniform(0.6, 0.8)),
                color,
                depth - 1,
            )


def forest(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Trees, the farther ones smaller and paler."""
    colors = (palette.dark, palette.pick(rng))
    haze, count = palette.pick(rng), int(rng.integers(4, 14))
    for depth in np.linspace(0.2, 1, count):
        foot = np.array([rng.uniform(0, canvas.extent[0]), canvas.extent[1] * (0.6 + 0.4 * depth)])
        shades = (mix(haze, colors[0], depth), mix(haze, colors[1], depth))
        _tree(canvas, rng, foot, (0.25 + 0.55 * depth) * rng.uniform(0.7, 1.3), shades)


def puffs(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Round clouds or smoke."""
    for _ in range(int(rng.integers(2, 6))):
        middle = rng.random(2) * canvas.extent
        size, color = rng.uniform(0.04, 0.14), mix(palette.light, palette.pick(rng), rng.uniform(0, 0.5))
        places = middle + rng.normal(0, size, (9, 2)) * [1.7, 0.6]
        for tone in (0.82, 1.0):
            for place in places:
                canvas.disc(place - [0, size * 0.35 * (tone == 1.0)], size * rng.uniform(0.7, 1.1), scaled(color, tone))


def castle(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Towers with battlements or pointed roofs."""
    stone, roof, bottom = palette.pick(rng), palette.pick(rng), canvas.extent[1] + 0.02
    middle = rng.uniform(0.25, 0.75) * canvas.extent[0]
    for _ in range(int(rng.integers(3, 8))):
        width, height = rng.uniform(0.06, 0.16), rng.uniform(0.25, 0.75)
        x, top = middle + rng.normal(0, 0.2), bottom - height
        color = scaled(stone, rng.uniform(0.6, 1.1))
        canvas.fill([np.array([[x, top], [x + width, top], [x + width, bottom], [x, bottom]])], color)
        canvas.fill(
            [np.array([[x + width * 0.7, top], [x + width, top], [x + width, bottom], [x + width * 0.7, bottom]])],
            scaled(color, 0.8),
        )
        if rng.random() < 0.6:
            peak = np.array([[x - 0.02, top], [x + width + 0.02, top], [x + width / 2, top - width * 1.6]])
            canvas.fill([peak], roof)
        else:
            for tooth in range(3):
                left = x + width * tooth / 2.5
                canvas.fill([np.array([[0, 0], [0.2, 0], [0.2, -0.25], [0, -0.25]]) * width + [left, top]], color)
        canvas.fill([ellipse(np.array([x + width / 2, top + height * 0.25]), width * 0.12, width * 0.25)], palette.dark)


def crystals(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Faceted spikes that grow from an edge."""
    bottom = canvas.extent[1]
    for _ in range(int(rng.integers(5, 18))):
        foot = np.array([rng.uniform(-0.05, 1.05) * canvas.extent[0], bottom + 0.05])
        tip = foot + [rng.normal(0, 0.15), -rng.uniform(0.15, 0.7)]
        width, color = rng.uniform(0.03, 0.09), palette.pick(rng)
        shoulder = foot + (tip - foot) * 0.75
        canvas.fill(
            [np.array([foot - [width, 0], shoulder - [width, 0], tip, shoulder, foot])], mix(color, palette.light, 0.4)
        )
        canvas.fill([np.array([foot + [width, 0], shoulder + [width, 0], tip, shoulder, foot])], scaled(color, 0.75))


def flames(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Tongues that lick upwards, bright at the core."""
    color = palette.pick(rng)
    count = int(rng.integers(8, 30))
    feet = rng.uniform(0, canvas.extent[0], count)
    heights = rng.uniform(0.15, 0.7, count)
    bends = rng.normal(0, 0.05, (count, 7)).cumsum(axis=1)
    for scale, tone in ((1.0, scaled(color, 0.8)), (0.7, color), (0.4, mix(color, palette.light, 0.7))):
        for foot, height, bend in zip(feet, heights, bends, strict=True):
            steps = np.linspace(0, 1, 7)
            line = np.stack([foot + bend * scale, canvas.extent[1] + 0.03 - steps * height * scale], axis=1)
            canvas.fill([ribbon(line, 0.07 * scale * np.sin(np.pi * (0.15 + 0.85 * steps)) + 0.001)], tone)


def lightning(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Jagged bolts with a glow."""
    color = palette.pick(rng)
    for _ in range(int(rng.integers(1, 5))):
        start = np.array([rng.uniform(0, canvas.extent[0]), -0.02])
        steps = rng.normal(0, 0.08, (11, 2)) * [1, 0.3] + [rng.normal(0, 0.04), canvas.extent[1] / 9]
        path = start + np.concatenate([[[0, 0]], steps.cumsum(axis=0)])
        for width, tone in ((0.04, color), (0.022, mix(color, palette.light, 0.5)), (0.009, palette.light)):
            canvas.stroke(path, tone, width)
            canvas.stroke(path[4:8] + np.linspace(0, 0.25, 4)[:, None] * [rng.choice([-1, 1]), 0.1], tone, width * 0.7)


def planets(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Globes with a night side, some with rings."""
    for _ in range(int(rng.integers(1, 4))):
        middle, size = rng.random(2) * canvas.extent, rng.uniform(0.06, 0.3)
        color, toward = palette.pick(rng), rng.normal(0, 1, 2)
        toward /= np.linalg.norm(toward)
        for step in range(7):
            share = step / 6
            canvas.disc(
                middle + toward * size * 0.5 * share,
                size * (1 - share * 0.55),
                mix(scaled(color, 0.4), mix(color, palette.light, 0.4), share),
            )
        if rng.random() < 0.4:
            canvas.stroke(
                ellipse(middle, size * 1.8, size * 0.4, rng.uniform(-0.6, 0.6)), palette.light, 0.012, closed=True
            )


def meadow(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Ground with blades of grass, reeds or spikes."""
    color, bottom = palette.pick(rng), canvas.extent[1]
    level = bottom * rng.uniform(0.65, 0.9)
    canvas.fill([_ridge(canvas, rng, level, 0.02, 0.5)], scaled(color, 0.7))
    for depth in np.linspace(0, 1, int(rng.integers(40, 140))):
        foot = np.array([rng.uniform(0, canvas.extent[0]), level + (bottom - level) * depth + 0.05])
        tip = foot + [rng.normal(0, 0.03), -rng.uniform(0.05, 0.16)]
        blade = np.array([foot - [0.008, 0], tip, foot + [0.008, 0]])
        canvas.fill([blade], scaled(mix(color, palette.light, rng.uniform(0, 0.3)), 0.6 + 0.5 * depth))


def burst(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """An explosion of nested jagged stars."""
    middle = canvas.center + rng.normal(0, 0.15, 2)
    size, tips = rng.uniform(0.25, 0.6), int(rng.integers(8, 24))
    colors = (palette.pick(rng), palette.pick(rng), palette.light)
    for share, color in zip((1.0, 0.72, 0.45), colors, strict=True):
        outline = star(tips, rng.uniform(0.5, 0.8), rng.uniform(0, 1))
        canvas.fill([outline * (1 + rng.normal(0, 0.12, (len(outline), 1))) * size * share + middle], color)


def columns(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A hall: pillars on both sides and a floor in perspective."""
    stone, floor = palette.pick(rng), palette.pick(rng)
    horizon, middle = canvas.extent[1] * rng.uniform(0.5, 0.7), canvas.extent[0] * rng.uniform(0.4, 0.6)
    bottom, right = canvas.extent[1] + 0.05, canvas.extent[0]
    canvas.fill(
        [np.array([[-0.1, horizon], [right + 0.1, horizon], [right + 0.1, bottom], [-0.1, bottom]])], scaled(floor, 0.6)
    )
    for tile in range(-8, 9):
        near = middle + tile * 0.3
        canvas.fill([np.array([[middle, horizon], [near, bottom], [near + 0.15, bottom]])], floor)
    for depth in np.linspace(0.25, 1, int(rng.integers(3, 6))):
        for side in (-1, 1):
            x, width = middle + side * depth * right * 0.55, 0.09 * depth
            top, foot = horizon - depth * horizon * 1.1, horizon + depth * (bottom - horizon) * 0.9
            color = scaled(stone, 0.5 + 0.5 * depth)
            canvas.fill([np.array([[x - width, top], [x + width, top], [x + width, foot], [x - width, foot]])], color)
            canvas.fill([np.array([[x, top], [x + width, top], [x + width, foot], [x, foot]])], scaled(color, 0.75))


def waves(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Rows of crests with foam."""
    color, rows = palette.pick(rng), int(rng.integers(3, 8))
    bottom = canvas.extent[1] + 0.05
    x = np.linspace(-0.05, canvas.extent[0] + 0.05, 60)
    for row in range(rows):
        depth = row / rows
        level, swell = canvas.extent[1] * (0.55 + 0.42 * depth), rng.uniform(0.01, 0.05) * (0.5 + depth)
        crest = level - swell * np.abs(np.sin(x * rng.uniform(4, 12) + rng.uniform(0, 6))) ** rng.uniform(0.6, 2)
        outline = np.stack([np.append(x, [x[-1], x[0]]), np.append(crest, [bottom, bottom])], axis=1)
        canvas.fill([outline], scaled(mix(color, palette.light, 0.3 * (1 - depth)), 0.65 + 0.4 * depth))
        canvas.stroke(outline[:60], palette.light, 0.007)


SCENERY: tuple[Scenery, ...] = (
    mountains, skyline, forest, puffs, castle, crystals, flames, lightning, planets, meadow, burst, columns, waves,
)  # fmt: skip
