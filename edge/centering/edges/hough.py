"""Straight edges in strips, by the votes of all profiles (Hough transform)."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.curves import upper_median
from edge.centering.edges.lines import Line, Peaks, find_peaks, gradient
from edge.centering.edges.strips import Floats, Profiles, Strip

# geometry: one corner that is 2 mm off turns a side of 63 mm by 1.8 degrees; 31 slopes are 0.09 mm apart at the ends of
# the long side, a bin and a half.
MAX_SLOPE = np.tan(np.deg2rad(2.2))
SLOPES = np.linspace(-MAX_SLOPE, MAX_SLOPE, 31)
# chosen: on so much of its side a straight edge has to be seen, by the votes at first and by peaks near it at last.
MIN_COVERAGE, MIN_VOTES = 0.6, 0.5
# chosen: half a sample of 8 px/mm, as the votes are counted in three bins.
BIN_MM = 0.06
# chosen: lines this near are one.
SEPARATION_MM = 0.2
# chosen: a peak as strong as this share of the median one counts half.
HALF_VOTE_SHARE = 0.25
# numerics: peaks this many bins from a line refine it at first, and belong to it at last.
NEAR_BINS, NEARER_BINS = 2.5, 2.0
# physics: bows that are tried, as the distance at the ends of the side: up to a strongly bowing lens's (0.1 of
# Brown's first coefficient at half the diagonal) on a card that fills the picture; under two bins apart.
BOWS_MM = np.linspace(-0.9, 0.9, 19)
# chosen: how much better than straight a bow has to be.
MIN_BOW_GAIN = 1.1
# numerics: the strongest edges of every second profile tell the bow; among this many are the card's.
BOW_PEAKS_PER_PROFILE = 2
BOW_PROFILE_STEP = 2
_BOW_SLOPES = SLOPES[::3]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edges:
    """What is seen in one strip.

    Attributes:
        slopes: `gradient` of its profiles.
        peaks: of single profiles.
        lines: straight edges, from outside to inside.
    """

    slopes: Profiles
    peaks: Peaks
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _StraightPeaks:
    """The peaks of several strips, made straight.

    Attributes:
        u, across_mm, strength, weight, rows: of each peak [K]; the weight is its vote's.
        strips: in which strip each is [K].
        counts: profiles of each strip [S].
        bows: what was taken from each strip's peaks [S].
    """

    u: Floats
    across_mm: Floats
    strength: Floats
    weight: Floats
    rows: NDArray[np.intp]
    strips: NDArray[np.intp]
    counts: NDArray[np.intp]
    bows: Sequence[float]


def find_edges(strips: Sequence[Strip], min_coverage: float, bow_reach_mm: float | None = None) -> list[Edges]:
    """The edges in strips with the same columns, at once: most of the time goes into the calls, not into the pixels.

    Args:
        strips: with the same columns.
        min_coverage: on what share of the profiles a straight edge is seen.
        bow_reach_mm: how near to s = 0 edges tell how all are bowed; None for straight ones.
    """
    slopes = gradient(np.concatenate([strip.profiles for strip in strips]))
    peaks = find_peaks(strips, slopes)
    bows = [0.0 if bow_reach_mm is None else find_bow(*each, bow_reach_mm) for each in zip(strips, peaks, strict=True)]
    ends = list(itertools.accumulate((len(strip.along_mm) for strip in strips), initial=0))
    lines = find_lines(strips, peaks, min_coverage, bows)
    return [
        Edges(slopes=slopes[first:last], peaks=peaks[k], lines=lines[k])
        for k, (first, last) in enumerate(itertools.pairwise(ends))
    ]


def find_bow(strip: Strip, peaks: Peaks, reach_mm: float) -> float:
    """How much the edges near s = 0 are bowed, in 1/mm, by the votes of all profiles; 0 where straight fits as well."""
    near = np.flatnonzero(np.abs(peaks.across_mm) < reach_mm)
    near = near[peaks.rows[near] % BOW_PROFILE_STEP == 0]
    if len(near) == 0:
        return 0.0
    most = BOW_PEAKS_PER_PROFILE * len(strip.along_mm) // BOW_PROFILE_STEP
    if len(near) > most:
        near = near[np.argpartition(peaks.strength[near], -most)[-most:]]
    from_middle = strip.along_mm - strip.middle_mm
    furthest = max(-float(from_middle[0]), float(from_middle[-1]))
    u, strength = from_middle[peaks.rows[near]], peaks.strength[near]
    bows = BOWS_MM / furthest**2
    bins = int(2 * (reach_mm + BOWS_MM[-1] + MAX_SLOPE * furthest) / BIN_MM) + 2
    # The bin in which each peak votes for each bow and slope, in one row of bins after another.
    curves = np.empty((len(bows), len(_BOW_SLOPES), 3))
    curves[..., 0], curves[..., 1], curves[..., 2] = 1, -_BOW_SLOPES, -bows[:, None]
    across = curves.reshape(-1, 3) @ (np.stack([peaks.across_mm[near], u, u**2]) / BIN_MM)
    index = across.astype(np.intp)
    index += np.arange(bins // 2, len(index) * bins, bins)[:, None]
    counted = np.bincount(index.ravel(), np.tile(_weights(strength), len(index)), minlength=len(index) * bins)
    votes = counted.reshape(len(bows), -1).max(axis=1)
    straight = len(bows) // 2
    best = int(votes.argmax())
    return float(bows[best]) if votes[best] > MIN_BOW_GAIN * votes[straight] else 0.0


def find_lines(
    strips: Sequence[Strip], peaks: Sequence[Peaks], min_coverage: float, bows: Sequence[float]
) -> list[list[Line]]:
    """Nearly parallel edges of one bow along the whole side, in strips with the same columns.

    Strong edges count more, so that a shadow's ripples do not outvote the edge next to them.

    Returns:
        For each strip, lines from outside to inside.
    """
    points = _straightened(strips, peaks, bows)
    start_mm, votes = _votes(strips, points)
    best = votes.max(axis=1)
    apart = np.ones((1, 2 * round(SEPARATION_MM / BIN_MM) + 1), np.uint8)
    wanted = (best >= cv2.dilate(best, apart)) & (best >= MIN_VOTES * min_coverage)
    which, places = np.nonzero(wanted)
    positions_mm = np.asarray(start_mm + (places + 0.5) * BIN_MM, dtype=np.float64)
    slopes = np.asarray(SLOPES[votes[which, :, places].argmax(axis=1)], dtype=np.float64)
    lines: list[list[Line]] = [[] for _ in strips]
    for k, line in _refined(points, which, (positions_mm, slopes), min_coverage):
        lines[k].append(line)
    return [_distinct(each) for each in lines]


def _straightened(strips: Sequence[Strip], peaks: Sequence[Peaks], bows: Sequence[float]) -> _StraightPeaks:
    u = [(strip.along_mm - strip.middle_mm)[each.rows] for strip, each in zip(strips, peaks, strict=True)]
    across = [each.across_mm - bow * at**2 for each, bow, at in zip(peaks, bows, u, strict=True)]
    return _StraightPeaks(
        u=np.concatenate(u),
        across_mm=np.concatenate(across),
        strength=np.concatenate([each.strength for each in peaks]),
        weight=np.concatenate([_weights(each.strength) for each in peaks]),
        rows=np.concatenate([each.rows for each in peaks]),
        strips=np.repeat(np.arange(len(peaks)), [len(each.rows) for each in peaks]),
        counts=np.array([len(strip.along_mm) for strip in strips]),
        bows=bows,
    )


def _weights(strength: Floats) -> Floats:
    """What peaks count as votes: strong ones one, those of a quarter of the median half."""
    return strength / (strength + HALF_VOTE_SHARE * upper_median(strength)) if len(strength) else strength


def _votes(strips: Sequence[Strip], points: _StraightPeaks) -> tuple[float, Floats]:
    """Votes a profile for each slope and place, in three bins [S, 31, B]; and s at which the first bin starts."""
    strip = strips[0]
    bins = int(strip.profiles.shape[1] * strip.step_mm / BIN_MM) + 2
    # Steep lines cross the middle beyond the strip's ends: room for them, so that no vote needs a check.
    furthest = max(max(-float(s.along_mm[0] - s.middle_mm), float(s.along_mm[-1] - s.middle_mm)) for s in strips)
    beyond = int(furthest * (MAX_SLOPE + max(map(abs, points.bows)) * furthest) / BIN_MM) + 1
    start, room = strip.first_mm - (beyond + 1) * BIN_MM, bins + 2 * beyond
    # The bin in which each peak votes for each slope, in one row of bins after another.
    places = np.empty((len(SLOPES), 4))
    places[:, 0], places[:, 1], places[:, 2] = 1 / BIN_MM, -SLOPES / BIN_MM, len(SLOPES) * room
    places[:, 3] = np.arange(len(SLOPES)) * room - start / BIN_MM
    peaks = np.stack([points.across_mm, points.u, points.strips, np.ones_like(points.u)])
    index = (places @ peaks).astype(np.intp)
    rows = len(strips) * len(SLOPES)
    counted = np.bincount(index.ravel(), np.tile(points.weight, len(SLOPES)), minlength=rows * room)
    counted = counted.reshape(rows, room)[:, beyond : beyond + bins]
    blurred = np.asarray(cv2.blur(counted, (3, 1), borderType=cv2.BORDER_CONSTANT), dtype=np.float64)
    votes = blurred.reshape(len(strips), len(SLOPES), bins) * (3 / points.counts)[:, None, None]
    return start + beyond * BIN_MM, votes


def _refined(
    points: _StraightPeaks, which: NDArray[np.intp], found: tuple[Floats, Floats], min_coverage: float
) -> list[tuple[int, Line]]:
    """Refine positions and slopes [L] by least squares of the peaks near them; those that cover enough of their side.

    Returns:
        Strips and their lines.
    """
    positions_mm, slopes = found
    near, peak = _near(points, which, positions_mm, slopes, NEAR_BINS * BIN_MM)
    u, s = points.u[peak], points.across_mm[peak]
    n, su, ss, suu, sus = (np.bincount(near, weights, minlength=len(which)) for weights in (None, u, s, u * u, u * s))
    enough = n >= 3
    slopes = np.where(enough, (n * sus - su * ss) / np.maximum(n * suu - su * su, 1e-9), slopes)
    positions_mm = np.where(enough, (ss - slopes * su) / np.maximum(n, 1.0), positions_mm)
    near, peak = _near(points, which, positions_mm, slopes, NEARER_BINS * BIN_MM)
    shown = np.zeros((len(which), points.counts.max()), dtype=bool)
    shown[near, points.rows[peak]] = True
    coverage, strength = shown.sum(axis=1) / points.counts[which], points.strength[peak]
    ends = np.searchsorted(near, np.arange(len(which) + 1)).tolist()
    lines = []
    for k in np.flatnonzero(coverage >= max(min_coverage, 1e-9)):
        line = Line(
            position_mm=float(positions_mm[k]),
            slope=float(slopes[k]),
            bow=points.bows[which[k]],
            coverage=float(coverage[k]),
            strength=upper_median(strength[ends[k] : ends[k + 1]]),
        )
        lines.append((int(which[k]), line))
    return lines


def _near(
    points: _StraightPeaks, which: NDArray[np.intp], positions_mm: Floats, slopes: Floats, reach_mm: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of a line and a peak of the same strip near it, in the order of lines and peaks."""
    ends = np.arange(len(points.counts) + 1)
    firsts, peaks = np.searchsorted(which, ends).tolist(), np.searchsorted(points.strips, ends).tolist()
    pairs = []
    for (i, j), (p, q) in zip(itertools.pairwise(firsts), itertools.pairwise(peaks), strict=True):
        across = points.across_mm[p:q] - positions_mm[i:j, None] - slopes[i:j, None] * points.u[p:q]
        line, peak = np.divmod(np.flatnonzero(np.abs(across) < reach_mm), max(q - p, 1))
        pairs.append((line + i, peak + p))
    line, peak = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return line, peak


def _distinct(lines: list[Line]) -> list[Line]:
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: line.position_mm):
        if kept and line.position_mm - kept[-1].position_mm < SEPARATION_MM / 2:
            kept[-1] = max(kept[-1], line, key=lambda each: each.coverage)
        else:
            kept.append(line)
    return kept
