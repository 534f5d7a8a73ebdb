"""Sub-pixel card outlines: four side curves fitted to the edges that profiles across each side cross.

Cards have rounded corners, so a corner is where two neighbouring side curves meet. A side is fitted with a slight bow,
because lens distortion bends it; the bow is held small by a prior, so that a partly hidden side stays straight.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image, Quad, is_convex, side_lengths

# geometry: along a side, between the rounded corners (3 of 63 mm) and a little: a profile each 1.4 to 1.9 mm.
PROFILES = 40
FIRST, LAST = 0.07, 0.93
POSITIONS = np.linspace(FIRST, LAST, PROFILES)
# chosen: samples to either side of where a side is expected, when it is looked for, and when it is fitted.
COARSE_STEPS = 6
FINE_STEPS = 4
# chosen: votes, of those of all profiles, that a line loses whose ends are as far off as is looked for.
NEARNESS = 0.1
# chosen: the standard deviation of a side's bow, in its lengths: 0.3 mm of a card's, so that a hidden side is straight.
BOW_PRIOR = 0.004
# chosen: the standard deviation of an edge's place, in steps.
NOISE_STEPS = 0.5
# chosen: the widths of Tukey's biweight, in steps, from the whole reach of the fit to four times the noise.
TUKEY_STEPS = (4.0, 3.0, 2.0, 2.0)
# chosen: a profile follows a side within so many steps: three times the noise.
INLIER_STEPS = 1.5
# physics: grey levels a step, below which noise has edges as strong.
MIN_EDGE_LEVELS = 1.0
# chosen: an edge is strong beside others of its side from this share of theirs.
STRONG = 0.25
# chosen: of a side's profiles, so many have to follow a curve for it to be believed.
MIN_SIDE_SUPPORT = 0.3
# geometry: the finest steps between samples, in pixels: four to a pixel where the side is looked for, two where it is
# fitted; and the coarsest of the fit, which the sub-pixel place of an edge bears.
FINEST_PX, FITTED_PX = 0.25, (0.5, 2.0)
# chosen: steps of the fit along a card's shorter side, between these bounds.
STEPS_A_SIDE = 400
# numerics: a smoothing derivative of five samples, 1 for a ramp of 1 a sample.
DERIVATIVE = np.array([[-1, -2, 0, 2, 1]], dtype=np.float32) / 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedOutline:
    """A fitted outline.

    Attributes:
        quad: [4, 2] corners in pixels, in the order of the quad that it was fitted from.
        support: [4] share of each side's profiles that cross an edge on the fitted curve with the side's polarity.
    """

    quad: Quad
    support: NDArray[np.float64]


def refine_quad(image: Image, quad: Quad, search_px: float) -> Quad | None:
    """Fit an approximate card outline to the edges of the image.

    For a sensor's box-like quad or a quad tracked from the previous frame. Each side may move by `search_px`; the
    line supported along most of the side wins over one that is strong in a few places.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: [4, 2] convex, in frame pixels; corners are where the straight sides would meet.
        search_px: how far each side may be from its edge, in pixels.

    Returns:
        [4, 2] in the same order, or None where fewer than three sides follow an edge.
    """
    outline = fit_outline(image, quad, search_px)
    if outline is None or np.count_nonzero(outline.support >= MIN_SIDE_SUPPORT) < 3:
        return None
    return outline.quad


def fit_outline(image: Image, quad: Quad, search_px: float) -> FittedOutline | None:
    """As `refine_quad`, with the evidence for each side; None where the fitted sides make no convex quad."""
    step = max(search_px / COARSE_STEPS, FINEST_PX)
    coarse = _moved(quad, _best_lines(_edge_strength(side_profiles(image, quad, step, COARSE_STEPS))) * step)
    if coarse is None:
        return None
    step = float(np.clip(side_lengths(coarse).min() / STEPS_A_SIDE, *FITTED_PX))
    strength = _edge_strength(side_profiles(image, coarse, step, FINE_STEPS))
    curves, support = _fit_curves(strength, side_lengths(coarse) / step)
    fine = _moved(coarse, curves * step)
    if fine is None:
        return None
    return FittedOutline(quad=fine, support=support)


def side_profiles(image: Image, quad: Quad, step_px: float, steps: int) -> NDArray[np.float32]:
    """Colours [4, S, 2 steps + 5, 3] across the sides, from the inside out, two samples more at either end."""
    edge = quad[[1, 2, 3, 0]] - quad
    outward = np.stack([edge[:, 1], -edge[:, 0]], axis=1) / side_lengths(quad)[:, None]
    offsets = np.arange(-steps - 2, steps + 3) * step_px
    points = quad[:, None] + POSITIONS[:, None] * edge[:, None]
    grid = (points[:, :, None] + offsets[:, None] * outward[:, None, None]).astype(np.float32)
    rows = grid.reshape(-1, len(offsets), 2)
    colours = cv2.remap(image, rows[..., 0], rows[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colours, dtype=np.float32).reshape(4, PROFILES, len(offsets), 3)


def _edge_strength(profiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Edge strength [4, S, M - 4] in levels a step: along each side's main colour change, its minority sign damped."""
    sides, count, samples, _ = profiles.shape
    smoothed = cv2.filter2D(profiles.reshape(-1, samples, 3), -1, DERIVATIVE)
    change = smoothed.reshape(sides, count, samples, 3)[:, :, 2:-2]
    flat = change.reshape(sides, -1, 3)
    _, axes = np.linalg.eigh(np.einsum("kic,kid->kcd", flat, flat))
    signed = np.einsum("ksmc,kc->ksm", change, axes[:, :, -1])
    balance = np.sum(signed * np.abs(signed), axis=(1, 2)) / np.maximum(np.sum(signed**2, axis=(1, 2)), 1e-6)
    signed *= np.where(balance < 0, -1, 1)[:, None, None]
    other = (1 - np.abs(balance))[:, None, None]
    return np.asarray(np.maximum(signed, -signed * other), dtype=np.float32)


def _best_lines(strength: NDArray[np.float32]) -> NDArray[np.float64]:
    """Offset, slope and bow [4, 3] in steps (see `_moved`) of the line that most profiles of each side vote for."""
    steps = (strength.shape[2] - 1) // 2
    grid = np.arange(-steps, steps + 1)
    start, end = (ends.ravel() for ends in np.meshgrid(grid, grid))
    index = np.rint(start[:, None] + (end - start)[:, None] * POSITIONS).astype(np.intp) + steps
    typical = 0.5 * np.median(strength.max(axis=2), axis=1)[:, None, None]
    votes = strength / (strength + np.maximum(typical, MIN_EDGE_LEVELS))
    totals = votes[:, np.arange(PROFILES), index].mean(axis=2) - NEARNESS * (start**2 + end**2) / (2 * steps**2)
    best = totals.argmax(axis=1)
    lines: NDArray[np.float64] = np.stack([start[best] + end[best], end[best] - start[best], 0 * best], axis=1) / 2
    return lines


def _fit_curves(
    strength: NDArray[np.float32], lengths: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Robust curves [4, 3] through the profiles' peaks, with the support [4] of each side.

    Iteratively re-weighted least squares (Tukey's biweight); the bow has a Gaussian prior of `BOW_PRIOR` of the side.
    """
    offsets, peaks = _peaks(strength)
    strong = np.maximum(STRONG * np.median(peaks, axis=1), MIN_EDGE_LEVELS)[:, None]
    reliability = peaks / (peaks + strong)
    basis = _basis(POSITIONS)
    prior = np.zeros((4, 3, 3))
    prior[:, 2, 2] = (NOISE_STEPS / (BOW_PRIOR * lengths)) ** 2
    prior[:, [0, 1], [0, 1]] = 1e-6
    curves = np.zeros((4, 3))
    for width in TUKEY_STEPS:
        residuals = offsets - curves @ basis.T
        weights = reliability * np.clip(1 - (residuals / width) ** 2, 0, None) ** 2
        normal = np.einsum("ks,si,sj->kij", weights, basis, basis) + prior
        right = np.einsum("ks,si->ki", weights * offsets, basis)
        curves = np.linalg.solve(normal, right[..., None])[..., 0]
    follows = (np.abs(offsets - curves @ basis.T) < INLIER_STEPS) & (peaks > strong)
    support = follows.mean(axis=1)
    curves[support < MIN_SIDE_SUPPORT] = 0.0
    return curves, support


def _basis(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offset, slope and bow [S, 3] of side curves at positions from 0 to 1 along a side."""
    x = 2 * positions - 1
    return np.stack([np.ones_like(x), x, 1 - x**2], axis=1)


def _peaks(strength: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sub-step offset and height [4, S] of the strongest edge in each profile (parabola through three samples)."""
    steps = (strength.shape[2] - 1) // 2
    at = strength[:, :, 1:-1].argmax(axis=2)[..., None] + 1
    before, peak, after = (np.take_along_axis(strength, at + k, axis=2)[..., 0] for k in (-1, 0, 1))
    curvature = np.maximum(2 * peak - before - after, 1e-6)
    shift = np.clip((after - before) / (2 * curvature), -0.5, 0.5)
    return (at[..., 0] + shift - steps).astype(np.float64), peak.astype(np.float64)


def _moved(quad: Quad, curves: NDArray[np.float64]) -> Quad | None:
    """Corners where neighbouring side curves meet.

    Args:
        quad: [4, 2] whose sides the curves belong to.
        curves: [4, 3]: outward offset a + b x + c (1 - x^2) in pixels, x from -1 to 1 along the side.

    Returns:
        [4, 2], or None where the result is not convex.
    """
    edge = quad[[1, 2, 3, 0]] - quad
    outward = np.stack([edge[:, 1], -edge[:, 0]], axis=1) / np.maximum(side_lengths(quad), 1e-9)[:, None]
    offset, slope, bow = (curves[:, k, None] for k in range(3))
    start, start_tangent = quad + (offset - slope) * outward, edge + 2 * (slope + 2 * bow) * outward
    end, end_tangent = quad + edge + (offset + slope) * outward, edge + 2 * (slope - 2 * bow) * outward
    previous, tangent = end[[3, 0, 1, 2]], end_tangent[[3, 0, 1, 2]]
    cross = tangent[:, 0] * start_tangent[:, 1] - tangent[:, 1] * start_tangent[:, 0]
    if np.any(np.abs(cross) < 1e-9):
        return None
    between = start - previous
    along = (between[:, 0] * start_tangent[:, 1] - between[:, 1] * start_tangent[:, 0]) / cross
    corners: Quad = previous + along[:, None] * tangent
    return corners if is_convex(corners) else None
