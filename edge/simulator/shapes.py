"""Outlines of things: polygons [N, 2] float64 that the drawing code fills.

Each function says its own coordinate frame; where it says nothing, lengths are those of its arguments, x to the right,
y down.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def regular(sides: int, turn: float = 0.0) -> Points:
    """Regular polygon in the unit circle, first corner up, turned clockwise by `turn` radians."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False) - np.pi / 2 + turn
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def star(tips: int, inner: float, turn: float = 0.0) -> Points:
    """Star in the unit circle whose notches lie at radius `inner`, first tip up."""
    outline = regular(2 * tips, turn)
    outline[1::2] *= inner
    return outline


def rosette(petals: int, depth: float, turn: float = 0.0) -> Points:
    """Smooth flower in the unit circle; `depth` (0 to 1) is how far it is notched."""
    angle = np.linspace(0, 2 * np.pi, 24 * petals if petals < 6 else 144, endpoint=False) + turn
    radius = 1 - depth * (0.5 + 0.5 * np.cos(petals * angle))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def gear(teeth: int, depth: float) -> Points:
    """Cog wheel in the unit circle."""
    angle = np.linspace(0, 2 * np.pi, 4 * teeth, endpoint=False)
    radius = np.where(np.arange(4 * teeth) % 4 < 2, 1.0, 1 - depth)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def ellipse(center: Points, across: float, down: float, turn: float = 0.0, points: int = 36) -> Points:
    """Ellipse with half axes `across` and `down`, turned by `turn` radians."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    outline = np.stack([across * np.cos(angle), down * np.sin(angle)], axis=1)
    return turned(outline, turn) + center


def blob(rng: np.random.Generator, center: Points, across: float, down: float, roughness: float) -> Points:
    """Smooth irregular closed shape about `center`, an ellipse when `roughness` is 0."""
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(2, 7):
        radius += roughness / wave * rng.normal() * np.cos(wave * angle + rng.uniform(0, 6.28))
    radius = np.maximum(radius, 0.3)
    return np.stack([across * radius * np.cos(angle), down * radius * np.sin(angle)], axis=1) + center


def bezier(controls: Points, count: int = 16) -> Points:
    """Points along a quadratic or cubic Bezier curve with control points [3 or 4, 2]."""
    t = np.linspace(0, 1, count)[:, None]
    points = [np.asarray(control, dtype=np.float64)[None, :] for control in controls]
    while len(points) > 1:
        points = [(1 - t) * first + t * second for first, second in pairwise(points)]
    return np.asarray(points[0], dtype=np.float64)


def ribbon(line: Points, widths: NDArray[np.float64]) -> Points:
    """Outline of a curve [N, 2] drawn with a half width [N] that changes along it: limbs, tails, leaves."""
    direction = np.gradient(line, axis=0)
    length = np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1) / length
    side = normal * widths[:, None]
    return np.concatenate([line + side, (line - side)[::-1]])


def limb(start: Points, bend: Points, end: Points, width: float, end_width: float) -> Points:
    """A tapering limb along a quadratic curve; widths are half widths."""
    line = bezier(np.array([start, bend, end]))
    return ribbon(line, np.linspace(width, end_width, len(line)))


def smooth(points: Points, rounds: int = 2) -> Points:
    """A closed outline with its corners cut `rounds` times (Chaikin's algorithm)."""
    for _ in range(rounds):
        following = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], axis=1).reshape(-1, 2)
    return points


def turned(points: Points, angle: float) -> Points:
    """Points turned about the origin by `angle` radians, clockwise as seen."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[cosine, sine], [-sine, cosine]]), dtype=np.float64)


def mirrored(points: Points, axis_x: float) -> Points:
    """Points mirrored at the vertical line x = `axis_x`."""
    return np.asarray(points * [-1, 1] + [2 * axis_x, 0], dtype=np.float64)
