"""Backgrounds of card art that are patterns: cells, beams, rings, tiles."""

# ruff: noqa: RUF005 - arrays are added here, not lists

import cv2
import numpy as np

from edge.simulator.drawing import Canvas
from edge.simulator.fields import fractal_noise, sampled, stretched
from edge.simulator.palette import Palette, clamped
from edge.simulator.shapes import Points, ellipse


def _surroundings(canvas: Canvas) -> tuple[int, int, int, int]:
    """A rectangle (x, y, width, height) in thousandths of a unit that reaches well beyond the picture."""
    width, height = (int(2000 * length) for length in canvas.extent)
    return -width // 4, -height // 4, width, height


def _cells(canvas: Canvas, rng: np.random.Generator, count: int) -> list[Points]:
    """Voronoi cells of random points, in units."""
    span = np.array(canvas.extent)
    diagram = cv2.Subdiv2D(_surroundings(canvas))
    for point in rng.uniform(-0.15, 1.15, (count, 2)) * span * 1000:
        diagram.insert((float(point[0]), float(point[1])))
    facets, _ = diagram.getVoronoiFacetList([])
    return [np.asarray(facet, dtype=np.float64) / 1000 for facet in facets]


def stained_glass(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Voronoi cells, leaded or bare."""
    ramp, light = palette.ramp(rng), rng.normal(0, 1, 2)
    cells = _cells(canvas, rng, int(rng.integers(18, 150)))
    scatter = rng.uniform(0.05, 0.5)
    lead = rng.random() < 0.5
    for cell in cells:
        slope = float((cell.mean(axis=0) - canvas.center) @ light) * 0.5 + 0.5 + rng.normal(0, scatter)
        color = ramp[int(clamped(slope) * 255)]
        canvas.fill([cell], (float(color[0]), float(color[1]), float(color[2])))
        if lead:
            canvas.stroke(cell, palette.dark, 0.012, closed=True)


def low_poly(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Triangles shaded along a gradient, like cut crystal."""
    ramp = palette.ramp(rng)
    points = rng.uniform(-0.2, 1.2, (int(rng.integers(40, 180)), 2)) * np.array(canvas.extent)
    diagram = cv2.Subdiv2D(_surroundings(canvas))
    for point in points * 1000:
        diagram.insert((float(point[0]), float(point[1])))
    tone = fractal_noise(rng, canvas.extent, 2, 2)
    canvas.paint_field(canvas.enlarge(tone), ramp)
    for corners in np.asarray(diagram.getTriangleList()).reshape(-1, 3, 2) / 1000:
        level = sampled(tone, corners.mean(axis=0) / canvas.extent) + rng.normal(0, 0.1)
        color = ramp[int(clamped(level) * 255)]
        canvas.fill([corners.astype(np.float64)], (float(color[0]), float(color[1]), float(color[2])))


def rays(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Beams from a point, sharp or soft, straight or turning into a spiral."""
    radius, angle = canvas.polar(canvas.focus(rng))
    twist = np.float32(rng.choice([0.0, 0.0, rng.uniform(-6, 6)]))
    beams = np.sin(angle * int(rng.integers(5, 28)) + radius * twist)
    sharp = np.float32(rng.choice([0.5, 1.0, 4.0]))
    field = np.clip(0.5 + sharp * beams, 0, 1) * np.float32(0.6) + np.clip(1 - radius, 0, 1) * np.float32(0.4)
    canvas.paint_field(np.asarray(np.clip(field, 0, 1), dtype=np.float32), palette.ramp(rng))


def rings(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Concentric waves or a spiral, disturbed by noise."""
    radius, angle = canvas.polar(canvas.focus(rng))
    arms = int(rng.integers(0, 6))
    uneven = canvas.enlarge(fractal_noise(rng, canvas.extent, 3, 4)) * np.float32(rng.uniform(0, 4))
    wave = np.sin(np.sqrt(radius) * np.float32(rng.uniform(8, 50)) + angle * arms + uneven)
    canvas.paint_field(np.asarray(0.5 + 0.5 * wave, dtype=np.float32), palette.ramp(rng))


def interference(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Several plane waves added: plasma, moire, water."""
    x, y = canvas.coordinates()
    total = np.zeros((canvas.height_px, canvas.width_px), dtype=np.float32)
    for _ in range(int(rng.integers(2, 5))):
        across, down = (np.float32(value) for value in rng.normal(0, 11, 2))
        total += np.sin(x * across + y * down + np.float32(rng.uniform(0, 6.28)))
    canvas.paint_field(stretched(total), palette.ramp(rng))


def pattern(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A regular pattern: dots, checks, bars, scales."""
    canvas.pixels[:] = np.round(palette.pick(rng))
    pitch = rng.uniform(0.05, 0.16)
    turn = rng.choice([0.0, np.pi / 4, rng.uniform(0, np.pi)])
    kind = int(rng.integers(4))
    colors = [palette.pick(rng), palette.pick(rng)]
    count = int(1.2 * max(canvas.extent) / pitch)
    cosine, sine = np.cos(turn), np.sin(turn)
    for row in range(-count, count + 1):
        for column in range(-count, count + 1):
            if (kind == 0 and (row + column) % 2) or (kind == 3 and column % 2):
                continue
            u, v = (column + (row % 2) * 0.5 * (kind == 2)) * pitch, row * pitch
            middle = canvas.center + [u * cosine - v * sine, u * sine + v * cosine]
            if not (-pitch < middle[0] < canvas.extent[0] + pitch and -pitch < middle[1] < canvas.extent[1] + pitch):
                continue
            color = colors[(row + column) % 2]
            if kind in (1, 2):
                canvas.disc(middle, pitch * (0.32 if kind == 1 else 0.5), color)
            else:
                half = pitch / 2
                corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
                canvas.fill([corners @ np.array([[cosine, sine], [-sine, cosine]]) + middle], color)


def speed_lines(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Wedges that shoot from a point, as comics draw speed and explosions."""
    focus = canvas.focus(rng)
    radius, _ = canvas.polar(focus)
    canvas.paint_field(np.clip(radius / np.float32(rng.uniform(0.6, 1.1)), 0, 1), palette.ramp(rng))
    colors = (palette.dark, palette.light, palette.pick(rng))
    for _ in range(int(rng.integers(25, 90))):
        angle, start, width = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.5), rng.uniform(0.004, 0.04)
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        tip, end = focus + along * start, focus + along * 2
        canvas.fill([np.array([tip, end + across * width, end - across * width])], colors[int(rng.integers(3))])


def light_tunnel(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Nested frames or ovals that lead into the depth."""
    focus, steps = canvas.focus(rng), int(rng.integers(6, 16))
    ramp, turn, round_shape = palette.ramp(rng), rng.uniform(-0.15, 0.15), rng.random() < 0.5
    sides = int(rng.integers(3, 9))
    for step in range(steps):
        size = 1.3 * (1 - step / steps) ** 1.4
        outline = ellipse(focus, size, size, turn * step, 48 if round_shape else sides)
        color = ramp[int(step / steps * 255)]
        canvas.fill([outline], (int(color[0]), int(color[1]), int(color[2])))
