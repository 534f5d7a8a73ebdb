"""Straight edges in a strip: votes of all profiles find them, sub-pixel positions on each profile refine them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.curves import quantiles, robust_curve, upper_median
from edge.centering.strips import Floats, Profiles, Strip

MAX_SLOPE = np.tan(np.deg2rad(2.2))
SLOPES = np.linspace(-MAX_SLOPE, MAX_SLOPE, 31)
BIN_MM = 0.06
SEPARATION_MM = 0.2
SMOOTHING_PX = 1.0
MIN_GRADIENT = 1.2
MIN_VOTES = 0.5
MIN_RELATIVE_STEP = 0.4
AGREEMENT_MM = 0.1
# Bows that are tried, as the distance at the ends of the side; and how much better than straight one has to be.
BOWS_MM = np.linspace(-0.9, 0.9, 19)
MIN_BOW_GAIN = 1.1
# The strongest edges of every second profile tell the bow; among this many are the card's.
BOW_PEAKS_PER_PROFILE = 2
BOW_PROFILE_STEP = 2
_BESIDE = np.array([-1, 0, 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight or evenly bowed edge in a strip: s = position_mm + slope * u + bow * u^2 with u = t - middle.

    Attributes:
        position_mm: s where the line crosses the middle of the side.
        slope: ds / dt at the middle.
        bow: in 1/mm, what the lens bends.
        coverage: share of the profiles that have an edge on the line, 0 to 1.
        strength: median gradient of those edges, grey levels per sample.
    """

    position_mm: float
    slope: float
    bow: float
    coverage: float
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peaks:
    """Local maxima of the colour gradient in a strip's profiles, [K] each."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    across_mm: Floats
    strength: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """An edge, followed along its side.

    Attributes:
        across_mm: s [N] on each profile of the strip; NaN where the profile has no such edge.
        used: bool [N], the profiles with a clear step that agree with the curve.
        curve: s = c0 + c1 u + c2 u^2 with u = t - middle, fitted to the profiles used.
        coverage: share of all profiles that have an edge within 0.1 mm of the curve.
        scatter_mm: standard deviation of one profile about the curve.
        width_mm: standard deviation of the blurred step.
        contrast: median step in grey levels.
        doubt_mm: standard uncertainty of the whole edge's place, where another edge beside it could be meant.
    """

    across_mm: Floats
    used: NDArray[np.bool_]
    curve: tuple[float, float, float]
    coverage: float
    scatter_mm: float
    width_mm: float
    contrast: float
    doubt_mm: float = 0.0

    def at(self, from_middle_mm: Floats) -> Floats:
        """S of the curve at distances u from the middle of the side."""
        c0, c1, c2 = self.curve
        return np.asarray(c0 + c1 * from_middle_mm + c2 * from_middle_mm**2, dtype=np.float64)


def gradient(profiles: Profiles) -> Profiles:
    """Derivative across the side [N, M, 3], grey levels per sample, smoothed by a Gaussian of `SMOOTHING_PX`."""
    x = np.arange(-4, 5, dtype=np.float64)
    bell = np.exp(-(x**2) / (2 * SMOOTHING_PX**2))
    kernel = x * bell / np.sum(x * x * bell)
    filtered = cv2.sepFilter2D(profiles, cv2.CV_32F, kernel, np.ones(1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(filtered, dtype=np.float32)


def find_peaks(strip: Strip, slopes: Profiles) -> Peaks:
    """All edges of all profiles that stand out of the noise."""
    size = np.sqrt(np.asarray(cv2.transform(cv2.multiply(slopes, slopes), np.ones((1, 3))), dtype=np.float32))
    low, high = quantiles(size[::3].ravel(), 0.2, 0.98)
    floor = min(max(MIN_GRADIENT, 3.0 * low), max(MIN_GRADIENT, 0.25 * high))
    middle = size[:, 1:-1]
    rows, columns = np.nonzero((middle > size[:, :-2]) & (middle >= size[:, 2:]) & (middle > floor))
    below, at, above = size[rows, columns], size[rows, columns + 1], size[rows, columns + 2]
    offset = 0.5 * (below - above) / (below - 2 * at + above - 1e-6)
    across = strip.first_mm + (columns + 1 + offset) * strip.step_mm
    return Peaks(rows=rows, columns=columns + 1, across_mm=across.astype(np.float64), strength=at.astype(np.float64))


def find_bow(strip: Strip, peaks: Peaks, reach_mm: float) -> float:
    """How much the edges near s = 0 are bowed, in 1/mm, by the votes of all profiles; 0 where straight fits as well."""
    near = np.flatnonzero((np.abs(peaks.across_mm) < reach_mm) & (peaks.rows % BOW_PROFILE_STEP == 0))
    if len(near) == 0:
        return 0.0
    most = BOW_PEAKS_PER_PROFILE * len(strip.along_mm) // BOW_PROFILE_STEP
    if len(near) > most:
        near = near[np.argpartition(peaks.strength[near], -most)[-most:]]
    u, strength = (strip.along_mm - strip.middle_mm)[peaks.rows[near]], peaks.strength[near]
    bows = BOWS_MM / float(np.abs(strip.along_mm - strip.middle_mm).max()) ** 2
    bent = peaks.across_mm[near] - bows[:, None] * u**2
    across = bent[:, None, :] - SLOPES[None, ::3, None] * u
    bins = int(2 * (reach_mm + BOWS_MM.max() + MAX_SLOPE * np.abs(u).max()) / BIN_MM) + 2
    index = (across / BIN_MM).astype(np.intp) + bins // 2
    flat = index + (np.arange(index.shape[0] * index.shape[1]) * bins).reshape(*index.shape[:2], 1)
    weights = np.broadcast_to(strength / (strength + 0.25 * upper_median(strength)), index.shape)
    counted = np.bincount(flat.ravel(), weights.ravel(), minlength=index.shape[0] * index.shape[1] * bins)
    votes = counted.reshape(len(bows), -1).max(axis=1)
    straight = len(bows) // 2
    best = int(votes.argmax())
    return float(bows[best]) if votes[best] > MIN_BOW_GAIN * votes[straight] else 0.0


def find_lines(strip: Strip, peaks: Peaks, min_coverage: float, bow: float = 0.0) -> list[Line]:
    """Nearly parallel edges of one bow along the whole side, by the votes of all profiles (Hough transform).

    Strong edges count more, so that a shadow's ripples do not outvote the edge next to them.

    Returns:
        Lines from outside to inside.
    """
    count, bins = len(strip.along_mm), int(strip.profiles.shape[1] * strip.step_mm / BIN_MM) + 2
    if len(peaks.rows) == 0:
        return []
    u = (strip.along_mm - strip.middle_mm)[peaks.rows]
    peaks = replace(peaks, across_mm=peaks.across_mm - bow * u**2)
    # Steep lines cross the middle beyond the strip's ends: room for them, so that no vote needs a check.
    furthest = float(np.abs(u).max())
    beyond = int(furthest * (MAX_SLOPE + abs(bow) * furthest) / BIN_MM) + 1
    start, room = strip.first_mm - (beyond + 1) * BIN_MM, bins + 2 * beyond
    index = ((peaks.across_mm - start) / BIN_MM - SLOPES[:, None] * (u / BIN_MM)).astype(np.intp)
    index += np.arange(len(SLOPES))[:, None] * room
    weight = peaks.strength / (peaks.strength + 0.25 * upper_median(peaks.strength))
    counted = np.bincount(index.ravel(), np.tile(weight, len(SLOPES)), minlength=len(SLOPES) * room)
    counted = counted.reshape(len(SLOPES), room)[:, beyond : beyond + bins]
    start += beyond * BIN_MM
    votes = np.asarray(cv2.blur(counted, (3, 1), borderType=cv2.BORDER_CONSTANT), dtype=np.float64) * 3 / count
    best = votes.max(axis=0)
    reach = round(SEPARATION_MM / BIN_MM)
    highest = cv2.dilate(best[None, :], np.ones((1, 2 * reach + 1), np.uint8))[0]
    places = np.flatnonzero((best >= highest) & (best >= MIN_VOTES * min_coverage))
    positions_mm = np.asarray(start + (places + 0.5) * BIN_MM, dtype=np.float64)
    found = positions_mm, np.asarray(SLOPES[votes[:, places].argmax(axis=0)], dtype=np.float64)
    return _distinct(_refined(strip, peaks, u, found, bow, min_coverage))


def _refined(
    strip: Strip, peaks: Peaks, u: Floats, found: tuple[Floats, Floats], bow: float, min_coverage: float
) -> list[Line]:
    """Refine positions and slopes [L] to the peaks near them, by least squares; what covers enough of the side."""
    positions_mm, slopes = found
    near = _near(peaks, u, positions_mm, slopes, 2.5 * BIN_MM)
    s = peaks.across_mm
    n, su, ss, suu, sus = (near @ np.stack([np.ones_like(u), u, s, u * u, u * s], axis=1)).T
    enough = n >= 3
    slopes = np.where(enough, (n * sus - su * ss) / np.maximum(n * suu - su * su, 1e-9), slopes)
    positions_mm = np.where(enough, (ss - slopes * su) / np.maximum(n, 1.0), positions_mm)
    near = _near(peaks, u, positions_mm, slopes, 2.0 * BIN_MM)
    which, peak = np.nonzero(near)
    seen = np.zeros((len(positions_mm), len(strip.along_mm)), dtype=bool)
    seen[which, peaks.rows[peak]] = True
    coverage = np.count_nonzero(seen, axis=1) / seen.shape[1]
    return [
        Line(
            position_mm=float(positions_mm[k]),
            slope=float(slopes[k]),
            bow=bow,
            coverage=float(coverage[k]),
            strength=upper_median(peaks.strength[near[k]]),
        )
        for k in np.flatnonzero(coverage >= max(min_coverage, 1e-9))
    ]


def _near(peaks: Peaks, u: Floats, positions_mm: Floats, slopes: Floats, reach_mm: float) -> NDArray[np.bool_]:
    """Which peaks [L, K] are near which line."""
    return np.asarray(np.abs(peaks.across_mm - positions_mm[:, None] - slopes[:, None] * u) < reach_mm)


def _distinct(lines: list[Line]) -> list[Line]:
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: line.position_mm):
        if kept and line.position_mm - kept[-1].position_mm < SEPARATION_MM / 2:
            kept[-1] = max(kept[-1], line, key=lambda each: each.coverage)
        else:
            kept.append(line)
    return kept


def trace(strip: Strip, slopes: Profiles, peaks: Peaks, line: Line, reach_mm: float) -> Trace:
    """Follow an edge along its side to sub-pixel positions.

    On each profile the nearest peak belongs to the edge; the gradient around it is projected on the colour step. The
    gradient of a blurred step is a Gaussian, so its logarithm is a parabola whose vertex is the edge.

    Args:
        strip: the side.
        slopes: `gradient` of its profiles.
        peaks: `find_peaks` of them.
        line: where to look.
        reach_mm: how far from the line.
    """
    u = strip.along_mm - strip.middle_mm
    near, several = _nearest_peaks(u, peaks, (line.position_mm, line.slope, line.bow), reach_mm)
    if several:
        bowed = robust_curve(u, np.where(near >= 0, peaks.across_mm[near], np.nan), AGREEMENT_MM / 2)[0]
        if np.isfinite(bowed[0]):
            near, _ = _nearest_peaks(u, peaks, bowed, AGREEMENT_MM)
    rows = np.flatnonzero(near >= 0)
    columns = np.clip(peaks.columns[near[rows]], 1, slopes.shape[1] - 2)
    window = slopes[rows[:, None], columns[:, None] + _BESIDE]
    step = window[:, 1]
    along_step = np.einsum("nkc,nc->kn", window, step) / np.maximum(np.sqrt(np.einsum("nc,nc->n", step, step)), 1e-6)
    below, at, above = np.log(np.maximum(along_step, 1e-3))
    bend = np.minimum(below - 2 * at + above, -1e-3)
    offset = np.clip(0.5 * (below - above) / bend, -1, 1)
    spread = np.sqrt(-1 / bend)
    across, blur, height = (np.full(len(u), fill) for fill in (np.nan, 0.0, 0.0))
    across[rows] = strip.first_mm + (columns + offset) * strip.step_mm
    blur[rows] = np.sqrt(np.maximum(spread**2 - SMOOTHING_PX**2, 0.0)) * strip.step_mm
    height[rows] = np.exp(at) * np.sqrt(2 * np.pi) * spread
    return _fitted(u, across, blur, height, strip.step_mm)


def _nearest_peaks(
    u: Floats, peaks: Peaks, curve: tuple[float, float, float], reach_mm: float
) -> tuple[NDArray[np.intp], bool]:
    """Index of the peak nearest to a curve on each profile [N], -1 where none is in reach; whether any has several."""
    at = u[peaks.rows]
    distance = np.abs(peaks.across_mm - curve[0] - curve[1] * at - curve[2] * at**2)
    candidates = np.flatnonzero(distance < reach_mm)
    nearest = np.full(len(u), -1, dtype=np.intp)
    order = candidates[np.argsort(-distance[candidates])]
    nearest[peaks.rows[order]] = order
    return nearest, len(order) > int(np.count_nonzero(nearest >= 0))


def _fitted(u: Floats, across: Floats, blur_mm: Floats, height: Floats, step_mm: float) -> Trace:
    finite = np.isfinite(across)
    strong = height >= MIN_RELATIVE_STEP * (quantiles(height[finite], 0.8)[0] if finite.any() else np.inf)
    curve, used, scatter = robust_curve(u, np.where(strong, across, np.nan), tolerance_mm=max(0.05, 0.6 * step_mm))
    agreeing = finite & (np.abs(across - curve[0] - u * (curve[1] + curve[2] * u)) < AGREEMENT_MM)
    return Trace(
        across_mm=across,
        used=used,
        curve=curve,
        coverage=float(agreeing.mean()),
        scatter_mm=scatter,
        width_mm=upper_median(blur_mm[used]) if used.any() else 0.0,
        contrast=upper_median(height[used]) if used.any() else 0.0,
    )
