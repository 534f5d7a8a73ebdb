"""Radial lens distortion from the card itself: its four sides are straight, so what bows them is the lens.

Plumb-line calibration (D. C. Brown, "Close-range camera calibration", 1971) with one coefficient of Brown's radial
model, the principal point taken at the middle of the image.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edge.centering.edges.strips import Floats

# chosen: in standard uncertainties; a bow that is less sure is left alone, as a wrong lens displaces all edges.
MIN_SIGNIFICANCE = 4.0
# physics: that of a fish-eye; no camera that shows a card straight enough to be followed has a stronger one.
MAX_COEFFICIENT = 0.4
# numerics: Newton's method triples the digits from an error below a tenth; and the refit of an all but linear model.
_NEWTON_STEPS, _REFITS = 3, 2
# geometry: a place and a direction for each of four sides, and the coefficient.
_UNKNOWNS = 9


class LensModel(Protocol):
    """What a lens does to pixels: estimated from the card (`Lens`), or calibrated (`edge.calibration`)."""

    def undistorted(self, points: Floats) -> Floats:
        """Pixels [N, 2] as a lens without distortion would show them."""
        ...

    def distorted(self, points: Floats) -> Floats:
        """The inverse of `undistorted`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """Brown's model with one coefficient: distorted = undistorted * (1 + k1 * radius^2).

    Attributes:
        centre_px: principal point (x, y).
        radius_px: unit of the radius, half the image's diagonal.
        k1: radial coefficient; 0 for a lens without distortion.
        k1_std: its standard uncertainty.
    """

    centre_px: tuple[float, float]
    radius_px: float
    k1: float = 0.0
    k1_std: float = 0.0

    def undistorted(self, points: Floats) -> Floats:
        """Pixels [N, 2] as a lens without distortion would show them."""
        return np.asarray(self.rays(points) * self.radius_px + np.asarray(self.centre_px), dtype=np.float64)

    def distorted(self, points: Floats) -> Floats:
        """Pixels [N, 2] where this lens shows what one without distortion shows at `points`."""
        rays = (points - np.asarray(self.centre_px)) / self.radius_px
        bent = rays * (1 + self.k1 * np.sum(rays**2, axis=1, keepdims=True))
        return np.asarray(bent * self.radius_px + np.asarray(self.centre_px), dtype=np.float64)

    def rays(self, points: Floats) -> Floats:
        """Pixels [N, 2] as a lens without distortion would show them, from the centre, in parts of `radius_px`."""
        bent = np.asarray((points - np.asarray(self.centre_px)) / self.radius_px, dtype=np.float64)
        if self.k1 == 0.0:
            return bent
        target = np.sqrt(np.einsum("nc,nc->n", bent, bent))
        radius = target.copy()
        for _ in range(_NEWTON_STEPS):
            stretch = self.k1 * radius * radius
            radius -= (radius * (1 + stretch) - target) / (1 + 3 * stretch)
        return np.asarray(bent * (radius / np.maximum(target, 1e-12))[:, None], dtype=np.float64)


def straight_lens(width: int, height: int) -> Lens:
    """A lens without distortion for an image of this size."""
    return Lens(centre_px=((width - 1) / 2, (height - 1) / 2), radius_px=float(np.hypot(width, height)) / 2)


def lens_from_sides(sides: Sequence[Floats], width: int, height: int) -> Lens:
    """The distortion that makes four measured sides straight.

    Args:
        sides: image points [N, 2] along each side.
        width: of the image.
        height: of the image.

    Returns:
        A lens with k1 = 0 where the bow of the sides is not significant or not a lens's.
    """
    lens = straight_lens(width, height)
    points, ends = np.concatenate(sides), np.cumsum([len(side) for side in sides])[:-1]
    for _ in range(_REFITS):
        residual, effect = np.concatenate([_bow(rays, lens.k1) for rays in np.split(lens.rays(points), ends)], axis=1)
        weight = float(effect @ effect)
        if weight < 1e-12:
            return straight_lens(width, height)
        change = -float(residual @ effect) / weight
        left = residual + change * effect
        spread = float(np.sqrt(left @ left / max(len(left) - _UNKNOWNS, 1) / weight))
        lens = Lens(centre_px=lens.centre_px, radius_px=lens.radius_px, k1=lens.k1 + change, k1_std=spread)
    if abs(lens.k1) < MIN_SIGNIFICANCE * lens.k1_std or abs(lens.k1) > MAX_COEFFICIENT:
        return straight_lens(width, height)
    return lens


def _bow(rays: Floats, k1: float) -> Floats:
    """Distances of undistorted points from their own straight line, and how they change with k1: [2, N]."""
    x, y = (rays[-1] - rays[0]).tolist()
    length = math.hypot(x, y)
    u, across = np.array([[x, y], [-y, x]]) / length @ rays.T
    squared = u * u + across * across
    values = np.stack([across, -across * squared / (1 + 3 * k1 * squared)])
    centred = u - u.sum() / len(u)
    slopes = values @ centred / float(centred @ centred)
    values -= values.sum(axis=1, keepdims=True) / len(u)
    values -= slopes[:, None] * centred
    return np.asarray(values, dtype=np.float64)
