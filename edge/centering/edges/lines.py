"""Edges in a strip: on single profiles, and followed along the side to sub-pixel positions."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.curves import quantiles, robust_curve, upper_median
from edge.centering.edges.strips import Floats, Profiles, Strip

# chosen: the gradient's Gaussian, standard deviation in samples.
SMOOTHING_PX = 1.0
# chosen: an edge has a gradient of so many grey levels per sample; or, where these are less, of so many times what the
# fainter samples have, or of a share of the strongest.
MIN_GRADIENT = 1.2
FLOOR_FACTOR, FLOOR_SHARE = 3.0, 0.25
# numerics: quantiles of the gradient that stand for noise and for the strongest edge; and of the steps along an edge.
FAINT, STRONGEST, HIGH = 0.2, 0.98, 0.8
# chosen: what has less of a step than this share of an edge's high ones is another thing.
MIN_RELATIVE_STEP = 0.4
# chosen: profiles agree with a curve that are this near.
AGREEMENT_MM = 0.1
# chosen: the least cut of the robust fit, in mm and in samples.
LEAST_CUT_MM, LEAST_CUT_PX = 0.05, 0.6
# numerics: samples, constants of the normal distribution, and the kernel that takes the gradient.
_BESIDE = np.array([[-1], [0], [1]])
_BELL = math.sqrt(2 * math.pi)
_X_PX = np.arange(-4, 5, dtype=np.float64)
_ONE = np.ones(1)
_ALL_COLOURS = np.ones((1, 3))


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
        common_std_mm: standard uncertainty that the edges of all sides share, all erring outwards or all inwards.
    """

    across_mm: Floats
    used: NDArray[np.bool_]
    curve: tuple[float, float, float]
    coverage: float
    scatter_mm: float
    width_mm: float
    contrast: float
    doubt_mm: float = 0.0
    common_std_mm: float = 0.0

    def at(self, from_middle_mm: Floats) -> Floats:
        """S of the curve at distances u from the middle of the side."""
        c0, c1, c2 = self.curve
        return np.asarray(c0 + c1 * from_middle_mm + c2 * from_middle_mm**2, dtype=np.float64)


def gradient(profiles: Profiles) -> Profiles:
    """Derivative across the side [N, M, 3], grey levels per sample, smoothed by a Gaussian of `SMOOTHING_PX`."""
    kernel = _X_PX * np.exp(-(_X_PX**2) / (2 * SMOOTHING_PX**2))
    kernel /= np.sum(_X_PX * kernel)
    filtered = cv2.sepFilter2D(profiles, cv2.CV_32F, kernel, _ONE, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(filtered, dtype=np.float32)


def find_peaks(strips: Sequence[Strip], slopes: Profiles) -> list[Peaks]:
    """All edges of all profiles that stand out of the noise, in each of several strips.

    Args:
        strips: with the same columns; all at once, as most of the time goes into the calls.
        slopes: `gradient` [N, M, 3] of their profiles, one strip after another.
    """
    size = np.sqrt(np.asarray(cv2.transform(cv2.multiply(slopes, slopes), _ALL_COLOURS), dtype=np.float32))
    counts = [len(strip.along_mm) for strip in strips]
    starts = list(itertools.accumulate(counts, initial=0))
    floors = [_floor(size[first:last]) for first, last in itertools.pairwise(starts)]
    # As one long row, which is fast; profiles have no peaks at their ends, where they meet.
    flat, least = size.ravel(), np.repeat(np.array(floors, dtype=np.float32), np.array(counts) * size.shape[1])
    highest = np.zeros(size.shape, dtype=bool)
    highest.ravel()[1:-1] = (flat[1:-1] > np.maximum(flat[:-2], least[1:-1])) & (flat[1:-1] >= flat[2:])
    highest[:, 0] = highest[:, -1] = False
    places = np.flatnonzero(highest)
    rows, columns = np.divmod(places, size.shape[1])
    below, at, above = flat[places - 1], flat[places], flat[places + 1]
    offset = 0.5 * (below - above) / (below - 2 * at + above - 1e-6)
    across = (strips[0].first_mm + (columns + offset) * strips[0].step_mm).astype(np.float64)
    strength = at.astype(np.float64)
    parts = [slice(a, b) for a, b in itertools.pairwise(np.searchsorted(rows, starts).tolist())]
    return [
        Peaks(rows=rows[part] - start, columns=columns[part], across_mm=across[part], strength=strength[part])
        for part, start in zip(parts, starts, strict=False)
    ]


def _floor(size: Profiles) -> float:
    """How strong the gradient [N, M] of an edge has to be."""
    low, high = quantiles(size[::3].ravel(), FAINT, STRONGEST)
    return min(max(MIN_GRADIENT, FLOOR_FACTOR * low), max(MIN_GRADIENT, FLOOR_SHARE * high))


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
        bowed = robust_curve(u[peaks.rows[near]], peaks.across_mm[near], AGREEMENT_MM / 2)[0]
        if math.isfinite(bowed[0]):
            near, _ = _nearest_peaks(u, peaks, bowed, AGREEMENT_MM)
    rows, width = peaks.rows[near], slopes.shape[1]
    columns = np.minimum(np.maximum(peaks.columns[near], 1), width - 2)
    window = slopes.reshape(-1, 3)[(rows * width + columns) + _BESIDE]
    step = window[1]
    size = np.sqrt(np.einsum("nc,nc->n", step, step))
    along_step = np.einsum("knc,nc->kn", window, step) / np.maximum(size, 1e-6)
    below, at, above = np.log(np.maximum(along_step, 1e-3))
    bend = np.minimum(below - 2 * at + above, -1e-3)
    offset = np.minimum(np.maximum(0.5 * (below - above) / bend, -1), 1)
    spread = np.sqrt(-1 / bend)
    across = strip.first_mm + (columns + offset) * strip.step_mm
    blur = np.sqrt(np.maximum(spread**2 - SMOOTHING_PX**2, 0.0)) * strip.step_mm
    return _fitted(u, rows, (across, blur, np.exp(at) * _BELL * spread), strip.step_mm)


def sampled_along(strip: Strip, guide: Trace, across_mm: Floats) -> Profiles:
    """The profiles that show an edge, read at distances from it: [K, M, 3]."""
    rows = np.flatnonzero(guide.used)
    across = guide.at(strip.along_mm[rows] - strip.middle_mm)[:, None] + across_mm
    columns = ((across - strip.first_mm) / strip.step_mm).astype(np.float32)
    lines = np.broadcast_to(rows[:, None].astype(np.float32), columns.shape).copy()
    read = cv2.remap(strip.profiles, columns, lines, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, dtype=np.float32)


def _nearest_peaks(
    u: Floats, peaks: Peaks, curve: tuple[float, float, float], reach_mm: float
) -> tuple[NDArray[np.intp], bool]:
    """Of each profile, in their order, the peak nearest to a curve where one is in reach; whether any has several."""
    at = u[peaks.rows]
    distance = np.abs(peaks.across_mm - curve[0] - at * (curve[1] + curve[2] * at))
    near = np.flatnonzero(distance < reach_mm)
    rows = peaks.rows[near]
    again = rows[1:] == rows[:-1]
    if not again.any():
        return near, False
    near = near[np.lexsort((distance[near], rows))]
    return near[np.concatenate([[True], ~again])], True


def _fitted(u: Floats, rows: NDArray[np.intp], read: tuple[Floats, Floats, Floats], step_mm: float) -> Trace:
    """The curve through what was read on some profiles: s, the blur in mm, and the height of the step."""
    across, blur_mm, height = read
    strong = height >= MIN_RELATIVE_STEP * quantiles(height, HIGH)[0] if len(rows) else np.zeros(0, dtype=bool)
    tolerance_mm = max(LEAST_CUT_MM, LEAST_CUT_PX * step_mm)
    curve, fitted, scatter = robust_curve(u[rows[strong]], across[strong], tolerance_mm)
    used, everywhere = np.zeros(len(u), dtype=bool), np.full(len(u), np.nan)
    used[rows[strong][fitted]] = True
    everywhere[rows] = across
    at = u[rows]
    agreeing = np.abs(across - curve[0] - at * (curve[1] + curve[2] * at)) < AGREEMENT_MM
    some = bool(fitted.any())
    return Trace(
        across_mm=everywhere,
        used=used,
        curve=curve,
        coverage=int(np.count_nonzero(agreeing)) / len(u),
        scatter_mm=scatter,
        width_mm=upper_median(blur_mm[strong][fitted]) if some else 0.0,
        contrast=upper_median(height[strong][fitted]) if some else 0.0,
    )
