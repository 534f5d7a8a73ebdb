"""The edge of the print: the first sharp straight transition inside the border, along the whole side."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.centering.edges.card_edge import (
    CLEAR_CONTRAST,
    MAX_OUTER_SCATTER_MM,
    OUTER_REACH_MM,
    TRACE_REACH_MM,
    max_scatter_mm,
)
from edge.centering.edges.curves import DEVIATIONS, upper_median
from edge.centering.edges.departure import averaged, find_departures, mirrored, mirrored_back
from edge.centering.edges.hough import MIN_COVERAGE, Edges, find_edges
from edge.centering.edges.lines import AGREEMENT_MM, Line, Trace, trace
from edge.centering.edges.strips import Floats, Profiles, Strip
from edge.errors import MeasurementError

# geometry: a narrower border looks like the cut, which a card of 0.3 mm shows up to 0.4 mm of.
CUT_EDGE_MM, MIN_BORDER_MM = 0.4, 0.45
# geometry: two borders of 3 to 4 mm whose print is shifted until one is gone.
MAX_BORDER_MM = 7.0
# geometry: what a strip shows: twice as far out as the card's edge is looked for, and what is behind the widest border.
STRIP_MM = (-1.2, MAX_BORDER_MM + 0.3)
# geometry: that of a card's edge whose print was not found, for its colour.
_UNKNOWN_BORDER_MM = 1.5
# chosen: grey levels of a step that is a print's edge.
MIN_CONTRAST = 8.0
# chosen: the others have at most this share of an edge's contrast, where it is clear without being straight; and how
# many times as strong an edge outside of it has to be.
DOMINANCE, MAX_OUTSIDE = 0.6, 3.0
# chosen: on so much of its side such an edge is seen.
ROUGH_COVERAGE = 0.8
# chosen: the narrowest border of which a rough edge is believed.
MIN_ROUGH_BORDER_MM = 1.2
# chosen: an edge as faint as this beside the clearest one is another thing's.
MIN_ROUGH_SHARE = 0.35
# chosen: an edge before the print's speaks against it: a straight one of half its contrast, a rough one of as much.
MAX_DOUBT = 0.5
ROUGH_SHARE = 0.5
# chosen: scatter of single profiles about a sharp edge: a printed frame's is a few micrometres, that of textures in art
# above 15.
SHARP_SCATTER_MM = 0.012
# chosen: how many times as far an edge may scatter as noise and blur make it, or as the card's own edge does; and how
# many times as wide its blur may be.
NOISE_SCATTERS, OUTER_SCATTERS, OUTER_BLURS = 4.0, 2.5, 2.0
# chosen: texture of the border before the edge, as a share of the edge's contrast; an edge that is straight along its
# whole side is a print's although there is text or foil before it.
MAX_ROUGHNESS = 0.25
MAX_ROUGHNESS_OF_WHOLE = 0.45
WHOLE_COVERAGE = 0.95
# geometry: clear of the print's edge, by more than its blur.
_CLEAR_OF_PRINT_MM, _CLEAR_OF_BLUR_MM, _CLEAR_OF_BLUR_PX = 0.2, 0.15, 2
# chosen: a border narrower than this, without both its edges, is not asked whether its colour changes.
MIN_EVEN_BORDER_MM = 0.4
# chosen: the colour changes that differs by so many grey levels, or by this share of the edge's contrast, between the
# border's first third and its last, on more than this share of the profiles.
CHANGED_LEVELS, CHANGED_CONTRAST, CHANGED_PROFILES = 15.0, 0.4, 0.35
# chosen: a faint line this close before an edge so many times as strong may be no more than its shade.
SHADE_MM = 1.2
MAX_OUTSHINING = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BorderSide:
    """One side of a card with both edges of its border.

    Attributes:
        strip: the pixels.
        outer: the card's edge.
        inner: the print's edge; None when there is none.
        color: median border colour, BGR [3].
        doubt: why the print's edge is not clear, where there is one.
        rough: the print's edge was found by the border's colour on averaged profiles; its `width_mm` is half the
            length of the rise.
        uneven: the border's colour changes before the print's edge.
    """

    strip: Strip
    outer: Trace
    inner: Trace | None
    color: Floats
    doubt: str | None = None
    rough: bool = False
    uneven: bool = False


def trace_side(strip: Strip, edges: Edges, outer: Trace | None) -> BorderSide:
    """Find the print's edge on one side, and the card's where no straight one was seen.

    Worn cuts, bevels, the texture of a frame and the grain of its ink roughen an edge on single profiles. Where they
    hide it, it is looked for again on the means of neighbouring profiles, and the print's edge by the border's colour.

    Args:
        strip: the side.
        edges: in it.
        outer: the card's edge; None where nothing straight was seen.

    Raises:
        MeasurementError: when the card's edge cannot be followed.
    """
    if outer is None or _ends_further_out(strip, edges, outer):
        return _with_rough_print_edge(strip, _rough_card_edge(strip))
    fine = _with_color(strip, outer, *_first_print_edge(strip, edges, outer))
    if fine.inner is not None and fine.doubt is None and not fine.uneven:
        return fine
    rough = _with_rough_print_edge(strip, fine.outer)
    return fine if rough.inner is None else rough


def with_print_edge(found: BorderSide, inner: Trace) -> BorderSide:
    """The same side with another of its straight edges for the print's."""
    return _with_color(found.strip, found.outer, inner, None)


def _with_rough_print_edge(strip: Strip, outer: Trace) -> BorderSide:
    """The print's edge by the border's colour: the first end of something even that is no mere change of light."""
    middle = outer.curve[0]
    ends = find_departures(strip, middle + MIN_ROUGH_BORDER_MM, middle + MAX_BORDER_MM)
    clearest = max((end.contrast for end in ends), default=0.0)
    inner = next((end for end in ends if end.contrast > MIN_ROUGH_SHARE * clearest), None)
    return replace(_with_color(strip, outer, inner, None), rough=True)


def _rough_card_edge(strip: Strip) -> Trace:
    """The card's edge where it is worn: far stronger than any other beside it.

    Raises:
        MeasurementError: when there is no such edge.
    """
    smooth = averaged(strip)
    (seen,) = find_edges([smooth], MIN_COVERAGE, 2 * OUTER_REACH_MM)
    near = [_followed(smooth, seen, line) for line in seen.lines if abs(line.position_mm) < OUTER_REACH_MM]
    strongest = max(near, key=lambda found: found.contrast * found.coverage, default=None)
    if strongest is not None and _dominates(strongest, near):
        if _ends_further_out(smooth, seen, strongest):
            raise MeasurementError(f"the card's {strip.side} edge is not clear: a stronger edge runs outside it")
        return strongest
    ends = find_departures(mirrored(strip), -OUTER_REACH_MM, -strip.first_mm)
    if ends and ends[0].contrast > CLEAR_CONTRAST and all(e.contrast < DOMINANCE * ends[0].contrast for e in ends[1:]):
        return _doubted(mirrored_back(ends[0]), strongest)
    raise MeasurementError(f"the card's {strip.side} edge is not clear: covered, worn, or too like the ground")


def _doubted(found: Trace, strongest: Trace | None) -> Trace:
    """An edge with half its distance from another one, that may be it, in its scatter."""
    gap_mm = 0.0 if strongest is None else abs(found.curve[0] - strongest.curve[0])
    return replace(found, scatter_mm=float(np.hypot(found.scatter_mm, gap_mm / 2)))


def _dominates(found: Trace, others: list[Trace]) -> bool:
    """Whether an edge is clear, and no other comes near it."""
    apart = [other for other in others if abs(other.curve[0] - found.curve[0]) > 2 * AGREEMENT_MM]
    weaker = all(other.contrast < DOMINANCE * found.contrast for other in apart)
    return found.coverage >= ROUGH_COVERAGE and found.contrast > CLEAR_CONTRAST and weaker


def _followed(strip: Strip, seen: Edges, line: Line) -> Trace:
    return trace(strip, seen.slopes, seen.peaks, line, TRACE_REACH_MM)


def _ends_further_out(strip: Strip, seen: Edges, outer: Trace) -> bool:
    """Whether a far stronger edge lies further out than the card's was looked for."""
    beyond = [line for line in seen.lines if line.position_mm < -OUTER_REACH_MM and line.coverage >= MIN_COVERAGE]
    return any(_followed(strip, seen, line).contrast > MAX_OUTSIDE * outer.contrast for line in beyond)


def _with_color(strip: Strip, outer: Trace, inner: Trace | None, doubt: str | None) -> BorderSide:
    limit = outer.curve[0] + _UNKNOWN_BORDER_MM if inner is None else inner.curve[0]
    color = _median_color(strip, outer.curve[0], limit)
    uneven = inner is not None and _changes_within(strip, outer, inner)
    return BorderSide(strip=strip, outer=outer, inner=inner, color=color, doubt=doubt, uneven=uneven)


def _first_print_edge(strip: Strip, seen: Edges, outer: Trace) -> tuple[Trace | None, str | None]:
    """The print's edge, if there is one, and what speaks against it."""
    doubtful = 0.0
    for line in seen.lines:
        if not MIN_BORDER_MM <= line.position_mm - outer.curve[0] <= MAX_BORDER_MM:
            continue
        candidate = _followed(strip, seen, line)
        if _is_print_edge(strip, outer, candidate):
            if doubtful > MAX_DOUBT * candidate.contrast:
                return candidate, f"the print's {strip.side} edge is not clear: another edge runs before it"
            if not _is_whole(candidate) and any(_outshines(other, line) for other in seen.lines):
                return candidate, f"the print's {strip.side} edge is not clear: a far stronger edge runs behind it"
            return candidate, None
        if candidate.coverage >= MIN_COVERAGE:
            straight = candidate.scatter_mm < MAX_OUTER_SCATTER_MM
            doubtful = max(doubtful, candidate.contrast if straight else ROUGH_SHARE * candidate.contrast)
    return None, None


def _is_print_edge(strip: Strip, outer: Trace, found: Trace) -> bool:
    """Whether an edge is a print's: seen along the whole side, sharp, straight, and the border before it even."""
    if found.coverage < MIN_COVERAGE or found.contrast < MIN_CONTRAST:
        return False
    sharp = found.width_mm < OUTER_BLURS * max(outer.width_mm, 0.5 * strip.step_mm) + strip.step_mm
    noise = _roughness(strip, outer.curve[0] + CUT_EDGE_MM, found.curve[0])
    blur_mm = max(outer.width_mm, strip.step_mm)
    expected = max(
        SHARP_SCATTER_MM, NOISE_SCATTERS * noise * blur_mm / found.contrast, OUTER_SCATTERS * outer.scatter_mm
    )
    straight = found.scatter_mm < min(max_scatter_mm(found, strip.step_mm), expected)
    even = noise < (MAX_ROUGHNESS_OF_WHOLE if _is_whole(found) else MAX_ROUGHNESS) * found.contrast
    return bool(sharp and straight and even)


def _is_whole(found: Trace) -> bool:
    """Whether an edge is seen, and straight, along all of its side."""
    return found.coverage >= WHOLE_COVERAGE and found.scatter_mm < SHARP_SCATTER_MM


def _outshines(other: Line, line: Line) -> bool:
    """Whether another edge close behind one is so much stronger that the one may be its shade, or dirt before it."""
    close = 0 < other.position_mm - line.position_mm < SHADE_MM
    return close and other.strength > MAX_OUTSHINING * line.strength


def _roughness(strip: Strip, start_mm: float, end_mm: float) -> float:
    """Noise and texture of the border: standard deviation between neighbouring profiles, grey levels."""
    first = round((start_mm - strip.first_mm) / strip.step_mm)
    last = max(first + 1, round((end_mm - _CLEAR_OF_PRINT_MM - strip.first_mm) / strip.step_mm))
    change = strip.profiles[1:, first:last] - strip.profiles[:-1, first:last]
    return DEVIATIONS * math.sqrt(upper_median(np.einsum("nmc,nmc->nm", change, change).ravel()) / 2)


def _median_color(strip: Strip, outer_mm: float, inner_mm: float) -> Floats:
    """By whole grey levels, which many pixels share."""
    first = round((outer_mm + CUT_EDGE_MM - strip.first_mm) / strip.step_mm)
    last = round((inner_mm - _CLEAR_OF_PRINT_MM - strip.first_mm) / strip.step_mm)
    zone = strip.profiles[:, first : max(last, first + 1)]
    half = zone.shape[0] * zone.shape[1] // 2
    counts = [cv2.calcHist([zone], [channel], None, [256], [0, 256]).ravel() for channel in range(3)]
    return np.array([float(np.searchsorted(np.cumsum(each), half, side="right")) for each in counts])


def _changes_within(strip: Strip, outer: Trace, inner: Trace) -> bool:
    """Whether the border's colour changes, on many profiles, between the card's edge and the print's edge."""
    start, end = outer.curve[0] + CUT_EDGE_MM, inner.curve[0] - _CLEAR_OF_BLUR_MM - _CLEAR_OF_BLUR_PX * strip.step_mm
    if end - start < MIN_EVEN_BORDER_MM:
        return False
    third = (end - start) / 3
    change = _mean_colors(strip, end - third, end) - _mean_colors(strip, start, start + third)
    limit = max(CHANGED_LEVELS, CHANGED_CONTRAST * inner.contrast)
    return int(np.count_nonzero(np.einsum("nc,nc->n", change, change) > limit**2)) > CHANGED_PROFILES * len(change)


def _mean_colors(strip: Strip, start_mm: float, end_mm: float) -> Profiles:
    """Mean colour [N, 3] of each profile between two places."""
    first, last = (round((edge - strip.first_mm) / strip.step_mm) for edge in (start_mm, end_mm))
    zone = strip.profiles[:, first : max(last, first + 1)]
    return np.asarray(np.einsum("nmc->nc", zone) / np.float32(zone.shape[1]), dtype=np.float32)
