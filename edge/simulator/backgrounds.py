"""Backgrounds of card art that are painted or photographed: skies, smoke, light, water, leaves."""

import cv2
import numpy as np

from edge.simulator.drawing import Canvas
from edge.simulator.fields import fractal_noise, sampled, stretched, warped
from edge.simulator.palette import Palette, clamped, mix, ramp_through
from edge.simulator.shapes import ribbon


def gradient(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A straight or radial run of colours, slightly uneven."""
    if rng.random() < 0.5:
        x, y = canvas.coordinates()
        turn = rng.uniform(0, 2 * np.pi)
        field = stretched(np.asarray(x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn)), dtype=np.float32))
    else:
        radius, _ = canvas.polar(canvas.focus(rng))
        field = np.clip(radius / np.float32(rng.uniform(0.6, 1.1)), 0, 1)
    uneven = canvas.enlarge(fractal_noise(rng, canvas.extent, 3, 4))
    canvas.paint_field(np.clip(field * np.float32(0.85) + uneven * np.float32(0.15), 0, 1), palette.ramp(rng))


def clouds(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Fractal noise from soft to rough."""
    field = fractal_noise(rng, canvas.extent, rng.uniform(1.5, 5), 6, rng.uniform(0.35, 0.7))
    canvas.paint_field(canvas.enlarge(field), palette.ramp(rng))


def swirls(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Domain-warped noise: smoke, marble, flowing paint."""
    field = fractal_noise(rng, canvas.extent, rng.uniform(2, 4), 6, 0.5)
    for _ in range(int(rng.integers(1, 3))):
        field = warped(field, rng, canvas.extent, rng.uniform(1.5, 4), rng.uniform(0.15, 0.5))
    if rng.random() < 0.4:
        bands = np.float32(rng.uniform(6, 25))
        field = np.asarray(0.5 + 0.5 * np.sin(field * bands), dtype=np.float32)
    canvas.paint_field(canvas.enlarge(field), palette.ramp(rng))


def bokeh(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Discs of light out of focus."""
    clouds(canvas, palette, rng)
    canvas.blur(0.03)
    for _ in range(int(rng.integers(12, 60))):
        before = canvas.pixels.copy()
        radius = abs(rng.normal(0, 0.06)) + 0.015
        canvas.disc(rng.random(2) * canvas.extent, radius, mix(palette.pick(rng), palette.light, rng.uniform(0, 0.7)))
        canvas.pixels = np.asarray(cv2.addWeighted(before, 0.55, canvas.pixels, 0.45, 0), dtype=np.uint8)
    canvas.blur(rng.choice([0.0, 0.008]))


def starfield(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A nebula with stars."""
    field = fractal_noise(rng, canvas.extent, 2.5, 6, 0.55) ** np.float32(2.2)
    canvas.paint_field(canvas.enlarge(stretched(field)), ramp_through([(20, 8, 6), palette.pick(rng), palette.light]))
    for _ in range(int(rng.integers(40, 220))):
        size = 0.002 + 0.006 * rng.random() ** 6 * 3
        canvas.disc(rng.random(2) * canvas.extent, size, mix(palette.light, palette.pick(rng), rng.uniform(0, 0.4)))


def brush_strokes(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Overlapping strokes that follow a field of directions, coloured by another: oil paint."""
    ramp = palette.ramp(rng)
    canvas.pixels[:] = np.round(palette.pick(rng))
    tone, flow = (fractal_noise(rng, canvas.extent, cells, 3) for cells in (2.5, 2.0))
    count, length = int(rng.integers(250, 600)), rng.uniform(0.05, 0.2)
    width, spin = rng.uniform(0.01, 0.03), rng.uniform(2, 8)
    places = rng.uniform(-0.05, 1.05, (count, 2))
    jitter = rng.normal(0, 0.07, count)
    for place, noise in zip(places, jitter, strict=True):
        angle = sampled(flow, place) * spin
        half = np.array([np.cos(angle), np.sin(angle)]) * length / 2
        color = ramp[int(clamped(sampled(tone, place) + noise) * 255)]
        middle = place * canvas.extent
        canvas.stroke(np.array([middle - half, middle + half]), (int(color[0]), int(color[1]), int(color[2])), width)


def flow_lines(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Long thin lines along a field of directions."""
    canvas.pixels[:] = np.round(palette.dark if rng.random() < 0.5 else palette.light)
    flow = fractal_noise(rng, canvas.extent, rng.uniform(1, 3), 2)
    count, spin = int(rng.integers(80, 220)), rng.uniform(3, 9)
    position = rng.uniform(-0.1, 1.1, (count, 2)) * canvas.extent
    paths = [position]
    for _ in range(24):
        at = np.clip(position / canvas.extent, 0, 0.999) * flow.shape[::-1]
        angle = flow[at[:, 1].astype(int), at[:, 0].astype(int)] * spin
        position = position + 0.025 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        paths.append(position)
    width = rng.uniform(0.004, 0.016)
    for path in np.stack(paths, axis=1):
        canvas.stroke(path, palette.pick(rng), width)


def soft_light(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A photograph's background far out of focus: a few large soft patches."""
    canvas.pixels[:] = np.round(palette.pick(rng))
    x, y = canvas.coordinates()
    for _ in range(int(rng.integers(4, 9))):
        middle, size = rng.random(2) * canvas.extent, rng.uniform(0.12, 0.5)
        distance = ((x - np.float32(middle[0])) ** 2 + (y - np.float32(middle[1])) ** 2) / np.float32(size**2)
        canvas.blend(palette.pick(rng), np.asarray(np.exp(-distance), dtype=np.float32))


def relief(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A rough surface lit from the side: rock, skin, crumpled cloth."""
    height = fractal_noise(rng, canvas.extent, rng.uniform(2, 6), 6, rng.uniform(0.4, 0.6))
    if rng.random() < 0.5:
        height = np.abs(height - np.float32(0.5))
    slope = np.gradient(height)[0] * np.float32(rng.uniform(2, 6)) + np.gradient(height)[1] * np.float32(
        rng.uniform(-6, 6)
    )
    lit = np.clip(0.5 + slope * 1.5 + (height - height.mean()) * 0.6, 0, 1)
    canvas.paint_field(canvas.enlarge(np.asarray(lit, dtype=np.float32)), palette.ramp(rng))


def horizon(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Sky over water or a plain, with a sun."""
    level = rng.uniform(0.45, 0.75) * canvas.extent[1]
    _, y = canvas.coordinates()
    sky = np.broadcast_to(np.clip(y / np.float32(level), 0, 1), (canvas.height_px, canvas.width_px))
    haze = canvas.enlarge(fractal_noise(rng, (canvas.extent[0], canvas.extent[1] * 3), 2, 5))
    mixed = np.asarray(np.clip(sky * np.float32(0.75) + haze * np.float32(0.3), 0, 1), dtype=np.float32)
    canvas.paint_field(mixed, palette.ramp(rng))
    if rng.random() < 0.6:
        sun = np.array([rng.uniform(0.1, 0.9) * canvas.extent[0], level * rng.uniform(0.3, 1.0)])
        canvas.disc(sun, rng.uniform(0.05, 0.16), mix(palette.light, palette.pick(rng), 0.2))
    ground = canvas.pixels.copy()
    ripples = fractal_noise(rng, (canvas.extent[0], canvas.extent[1] * 6), 2, 4)
    canvas.paint_field(canvas.enlarge(ripples), palette.ramp(rng))
    below = np.broadcast_to(np.clip((y - np.float32(level)) * 300, 0, 1), (canvas.height_px, canvas.width_px))
    below = np.ascontiguousarray(below, dtype=np.float32)
    canvas.pixels = np.asarray(cv2.blendLinear(canvas.pixels, ground, below, 1 - below), dtype=np.uint8)


def leaves(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A thicket of leaf shapes from dark to light."""
    canvas.pixels[:] = np.round(palette.dark)
    count = int(rng.integers(60, 160))
    for depth in np.linspace(0, 1, count):
        start = rng.uniform(-0.1, 1.1, 2) * canvas.extent
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.12, 0.4)
        line = start + np.linspace(0, length, 9)[:, None] * np.array([[np.cos(angle), np.sin(angle)]])
        outline = ribbon(line, length * 0.16 * np.sin(np.linspace(0, np.pi, 9)))
        canvas.fill([outline], mix(palette.dark, palette.pick(rng), 0.25 + 0.75 * depth))
    if rng.random() < 0.5:
        canvas.blur(0.012)
