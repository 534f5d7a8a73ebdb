"""Where an even border ends whose edge is rough: the lasting departure from the border's own colour.

A bevel, a textured frame, the grain of the ink or a worn cut leave no single step to follow along the side: the
gradient's peaks jump between several. What they leave is a border of one colour, and another one beyond it on nearly
every profile.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.curves import robust_curve, upper_median
from edge.centering.edges.hough import find_edges
from edge.centering.edges.lines import Line, Trace
from edge.centering.edges.strips import Floats, Strip

Marks = NDArray[np.bool_]

# chosen: steps that lie closer together than this make one edge, which lasts as long, and profiles within it agree.
BLUR_MM = LASTING_MM = REACH_MM = 0.25
# numerics: the blur's kernel reaches so many standard deviations.
_KERNEL_REACH = 1.5
# chosen: the border's colour is read this far before the edge, what is beyond it this far behind; and where between.
BEFORE_MM, BEYOND_MM, SEARCHED_MM = (0.25, 0.75), (0.3, 0.8), (-0.35, 0.5)
# chosen: neighbours that are averaged.
PROFILES_AVERAGED = 5
# chosen: grey levels from the border's colour, and as a multiple of its noise.
MIN_STEP, MIN_STEP_NOISES = 15.0, 6.0
# chosen: share of the profiles on which the end is seen.
MIN_COVERAGE = 0.7
# chosen: how much the end may scatter, and half the length of its rise.
MAX_SCATTER_MM, MAX_RISE_MM = 0.1, 0.3
# numerics: shares of the step between which half the rise is read.
_HALF, _QUARTER = 1 / 2, 1 / 4


def averaged(strip: Strip) -> Strip:
    """The same side, each profile the mean of itself and its `PROFILES_AVERAGED` - 1 neighbours."""
    blurred = cv2.blur(strip.profiles, (1, PROFILES_AVERAGED), borderType=cv2.BORDER_REFLECT)
    return replace(strip, profiles=np.asarray(blurred, dtype=np.float32))


def find_departures(strip: Strip, first_mm: float, last_mm: float) -> list[Trace]:
    """Follow the straight ends of whatever is even before them, from outside to inside.

    On each profile the end is where the distance from the colour before first passes half of what it is beyond.

    Args:
        strip: the side.
        first_mm: where to look, s in the middle of the side.
        last_mm: how far to look.

    Returns:
        The ends; `width_mm` is half the length of the rise.
    """
    smooth = averaged(strip)
    size = 2 * round(_KERNEL_REACH * BLUR_MM / strip.step_mm) + 1
    blurred = cv2.GaussianBlur(smooth.profiles, (size, 1), BLUR_MM / strip.step_mm, sigmaY=1e-6)
    soft = replace(strip, profiles=np.asarray(blurred, dtype=np.float32))
    (seen,) = find_edges([soft], MIN_COVERAGE)
    ends = [_end(strip, smooth, line) for line in seen.lines if first_mm <= line.position_mm <= last_mm]
    return [end for end in ends if end is not None]


def mirrored(strip: Strip) -> Strip:
    """The same side with s counted the other way: what is looked for from inside is found as from outside."""
    count = strip.profiles.shape[1]
    return replace(
        strip,
        profiles=np.ascontiguousarray(strip.profiles[:, ::-1]),
        first_mm=-(strip.first_mm + (count - 1) * strip.step_mm),
    )


def mirrored_back(found: Trace) -> Trace:
    """An edge of a mirrored side as one of the side itself."""
    c0, c1, c2 = found.curve
    return replace(found, across_mm=-found.across_mm, curve=(-c0, -c1, -c2))


def _end(single: Strip, smooth: Strip, seed: Line) -> Trace | None:
    """The end of the even stretch before a line, if it is straight and steep, and seen on most single profiles too."""
    u = smooth.along_mm - smooth.middle_mm
    across = smooth.first_mm + np.arange(smooth.profiles.shape[1]) * smooth.step_mm
    beyond = across - (seed.position_mm + seed.slope * u)[:, None]
    before = (beyond > -BEFORE_MM[1]) & (beyond < -BEFORE_MM[0])
    searched = (beyond > SEARCHED_MM[0]) & (beyond < SEARCHED_MM[1])
    behind = (beyond > BEYOND_MM[0]) & (beyond < BEYOND_MM[1])
    if not (before.any(axis=1).all() and behind.any(axis=1).all()):
        return None
    distance, noise = _from_color(smooth, before)
    height = upper_median(_means(distance, behind))
    if height < max(MIN_STEP, MIN_STEP_NOISES * noise):
        return None
    at, early = (_crossing(smooth, distance, searched, level) for level in (_HALF * height, _QUARTER * height))
    found = _fitted(u, at, early, height)
    if found is None:
        return None
    alone = _crossing(single, _from_color(single, before)[0], searched, _HALF * height)
    return found if np.mean(np.abs(alone - found.at(u)) < REACH_MM) >= MIN_COVERAGE else None


def _fitted(u: Floats, across: Floats, early: Floats, height: float) -> Trace | None:
    curve, _, _ = robust_curve(u, across, REACH_MM / 2)
    residual = np.abs(across - curve[0] - u * (curve[1] + curve[2] * u))
    near = residual < REACH_MM
    if np.mean(near) < MIN_COVERAGE:
        return None
    found = Trace(
        across_mm=across,
        used=near,
        curve=curve,
        coverage=float(np.mean(near)),
        scatter_mm=float(np.sqrt(np.mean(residual[near] ** 2))),
        width_mm=float(np.nanmedian(across - early)),
        contrast=height,
    )
    return found if found.scatter_mm < MAX_SCATTER_MM and found.width_mm < MAX_RISE_MM else None


def _from_color(strip: Strip, own: Marks) -> tuple[Floats, float]:
    """Distance of each sample [N, M] from its profile's mean colour where `own`, grey levels, and its noise there."""
    colors = np.einsum("nmc,nm->nc", strip.profiles, own) / own.sum(axis=1)[:, None]
    distance = np.asarray(np.linalg.norm(strip.profiles - colors[:, None], axis=2), dtype=np.float64)
    return distance, upper_median(distance[own])


def _means(values: Floats, where: Marks) -> Floats:
    """Mean of each row where marked."""
    return np.asarray((values * where).sum(axis=1) / where.sum(axis=1), dtype=np.float64)


def _lasts(high: Marks, count: int) -> Marks:
    """Whether this and the next samples are all high."""
    sums = np.cumsum(np.pad(high, ((0, 0), (1, count))), axis=1)
    return np.asarray((sums[:, count:] - sums[:, :-count])[:, : high.shape[1]] >= count, dtype=np.bool_)


def _crossing(strip: Strip, distance: Floats, searched: Marks, level: float) -> Floats:
    """S [N] at which each profile passes a level to stay above it; NaN where it does not."""
    marked = _lasts(distance > level, max(1, round(LASTING_MM / strip.step_mm))) & searched
    column = np.where(marked.any(axis=1), marked.argmax(axis=1), -1)
    rows = np.arange(len(column))
    above, below = distance[rows, column], distance[rows, np.maximum(column - 1, 0)]
    share = np.clip((level - below) / np.maximum(above - below, 1e-6), 0, 1)
    return strip.first_mm + np.where(column > 0, column - 1 + share, np.nan) * strip.step_mm
