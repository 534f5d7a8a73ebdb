"""The edge of the print: the first sharp straight transition inside the border, along the whole side."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.centering.lines import Line, Peaks, Trace, find_bow, find_lines, find_peaks, gradient, trace
from edge.centering.strips import Floats, Profiles, Side, Strip
from edge.errors import MeasurementError

MIN_BORDER_MM = 0.45
MAX_BORDER_MM = 7.0
STRIP_MM = (-1.2, MAX_BORDER_MM + 0.3)
MIN_COVERAGE = 0.6
MIN_CONTRAST = 8.0
TRACE_REACH_MM = 0.18
OUTER_REACH_MM = 0.6
# Scatter of single profiles about the card's edge: up to 0.03 mm; where it stands out, up to half a sample.
MAX_OUTER_SCATTER_MM = 0.03
MAX_CLEAR_SCATTER_PX = 0.5
CLEAR_CONTRAST = 60.0
# On 144 simulated cards every faint outer edge scattered less, and every ripple of a shadow or of the ground more.
MAX_FAINT_SCATTER_MM = 0.0235
CUT_EDGE_MM = 0.4
# Scatter of single profiles about the edge: a printed frame's is a few micrometres, that of textures in art above 15.
MIN_SCATTER_MM = 0.012
# Texture of the border before the edge, as a share of the edge's contrast; an edge that is straight along its whole
# side is a print's although there is text or foil before it.
MAX_ROUGHNESS = 0.25
MAX_ROUGHNESS_OF_WHOLE = 0.45
WHOLE_COVERAGE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BorderSide:
    """One side of a card with both edges of its border.

    Attributes:
        strip: the pixels.
        outer: the card's edge.
        inner: the print's edge; None when there is none.
        color: median border colour, BGR [3].
        doubt: why the print's edge is not clear, where there is one.
    """

    strip: Strip
    outer: Trace
    inner: Trace | None
    color: Floats
    doubt: str | None = None


def trace_side(strip: Strip) -> BorderSide:
    """Find the card's edge and the print's edge on one side.

    Raises:
        MeasurementError: when the card's edge cannot be followed.
    """
    slopes = gradient(strip.profiles)
    peaks = find_peaks(strip, slopes)
    lines = find_lines(strip, peaks, MIN_COVERAGE, find_bow(strip, peaks, 2 * OUTER_REACH_MM))
    outer = _card_edge(strip, slopes, peaks, lines)
    inner, doubt = _first_print_edge(strip, slopes, peaks, lines, outer)
    limit = outer.curve[0] + 1.5 if inner is None else inner.curve[0]
    color = _median_color(strip, outer.curve[0], limit)
    return BorderSide(strip=strip, outer=outer, inner=inner, color=color, doubt=doubt)


def _card_edge(strip: Strip, slopes: Profiles, peaks: Peaks, lines: list[Line]) -> Trace:
    """The card's edge: the outermost sharp, straight edge next to s = 0.

    Shadows outside are soft, grounds are not straight, and the inner edge of the cut's bright or worn line lies further
    in. Where another edge could as well be the card's, there is no answer.
    """
    near = [line for line in lines if abs(line.position_mm) < OUTER_REACH_MM]
    traces = [trace(strip, slopes, peaks, line, TRACE_REACH_MM) for line in near]
    seen = [found for found in traces if found.coverage >= MIN_COVERAGE / 2]
    straight = [f for f in seen if f.coverage >= MIN_COVERAGE and f.scatter_mm < _max_scatter_mm(f, strip.step_mm)]
    if not straight:
        raise MeasurementError(f"the card's {strip.side} edge is not clear: covered, worn, or too like the ground")
    clearest = max(straight, key=lambda found: found.contrast)
    chosen = min((f for f in straight if _as_clear(f, clearest, strip.step_mm)), key=lambda found: found.curve[0])
    if any(_rivals(found, chosen) for found in seen if found not in straight):
        raise MeasurementError(
            f"the card's {strip.side} edge is not clear: another edge runs beside it, a shadow's or the ground's"
        )
    return chosen


def _max_scatter_mm(found: Trace, step_mm: float) -> float:
    """How much the profiles of a straight edge may scatter: compressed photos of few pixels blur a clear edge's."""
    clear = found.contrast > CLEAR_CONTRAST
    return max(MAX_OUTER_SCATTER_MM, MAX_CLEAR_SCATTER_PX * step_mm) if clear else MAX_OUTER_SCATTER_MM


def _as_clear(found: Trace, clearest: Trace, step_mm: float) -> bool:
    """Whether an edge is sharp and straight enough, beside the clearest one, to be the card's and no shadow's."""
    if found is clearest:
        return True
    sharp = found.width_mm < 1.4 * max(clearest.width_mm, step_mm / 3)
    return sharp and found.contrast > 0.12 * clearest.contrast and found.scatter_mm < MAX_FAINT_SCATTER_MM


def _rivals(found: Trace, chosen: Trace) -> bool:
    """Whether an edge, although not straight, could be the card's: far stronger than the one chosen, or outside it."""
    outside = found.curve[0] < chosen.curve[0] - 0.1
    no_shadow = found.width_mm < 1.6 * chosen.width_mm and found.contrast > 0.6 * chosen.contrast
    return found.contrast > 3 * chosen.contrast or (outside and no_shadow)


def _first_print_edge(
    strip: Strip, slopes: Profiles, peaks: Peaks, lines: list[Line], outer: Trace
) -> tuple[Trace | None, str | None]:
    """The print's edge, if there is one, and what speaks against it."""
    doubtful = 0.0
    for line in lines:
        if not MIN_BORDER_MM <= line.position_mm - outer.curve[0] <= MAX_BORDER_MM:
            continue
        candidate = trace(strip, slopes, peaks, line, TRACE_REACH_MM)
        if _is_print_edge(strip, outer, candidate):
            if doubtful > 0.5 * candidate.contrast:
                return candidate, f"the print's {strip.side} edge is not clear: another edge runs before it"
            return candidate, None
        if candidate.coverage >= MIN_COVERAGE and candidate.scatter_mm < MAX_OUTER_SCATTER_MM:
            doubtful = max(doubtful, candidate.contrast)
    return None, None


def _is_print_edge(strip: Strip, outer: Trace, found: Trace) -> bool:
    """Whether an edge is a print's: seen along the whole side, sharp, straight, and the border before it even."""
    if found.coverage < MIN_COVERAGE or found.contrast < MIN_CONTRAST:
        return False
    sharp = found.width_mm < 2.0 * max(outer.width_mm, 0.5 * strip.step_mm) + strip.step_mm
    noise = _roughness(strip, outer.curve[0] + CUT_EDGE_MM, found.curve[0])
    blur_mm = max(outer.width_mm, strip.step_mm)
    expected = max(MIN_SCATTER_MM, 4.0 * noise * blur_mm / found.contrast, 2.5 * outer.scatter_mm)
    straight = found.scatter_mm < min(_max_scatter_mm(found, strip.step_mm), expected)
    whole = found.coverage >= WHOLE_COVERAGE and found.scatter_mm < MIN_SCATTER_MM
    even = noise < (MAX_ROUGHNESS_OF_WHOLE if whole else MAX_ROUGHNESS) * found.contrast
    return bool(sharp and straight and even)


def _roughness(strip: Strip, start_mm: float, end_mm: float) -> float:
    """Noise and texture of the border: standard deviation between neighbouring profiles, grey levels."""
    first = round((start_mm - strip.first_mm) / strip.step_mm)
    last = max(first + 1, round((end_mm - 0.2 - strip.first_mm) / strip.step_mm))
    change = np.diff(strip.profiles[:, first:last], axis=0)
    return float(1.4826 * np.median(np.sqrt(np.einsum("nmc,nmc->nm", change, change))) / np.sqrt(2))


def _median_color(strip: Strip, outer_mm: float, inner_mm: float) -> Floats:
    first = round((outer_mm + CUT_EDGE_MM - strip.first_mm) / strip.step_mm)
    last = round((inner_mm - 0.2 - strip.first_mm) / strip.step_mm)
    zone = strip.profiles[:, first : max(last, first + 1)]
    return np.asarray(np.median(zone.reshape(-1, 3), axis=0), dtype=np.float64)


def check_border(sides: Mapping[Side, BorderSide]) -> None:
    """Check that the edges found are those of one printed border.

    Raises:
        MeasurementError: saying what speaks against it.
    """
    missing = [side for side, found in sides.items() if found.inner is None]
    if len(missing) == len(sides):
        raise MeasurementError("no printed border")
    if missing:
        raise MeasurementError(f"no printed border, or none that stands out, on the {' and '.join(missing)} side")
    for side, found in sides.items():
        if found.doubt is not None:
            raise MeasurementError(found.doubt)
        if _changes_within(found):
            raise MeasurementError(f"no uniform border on the {side} side: something else begins before the edge found")
    colors = np.array([found.color for found in sides.values()])
    typical = np.median(colors, axis=0)
    for side, color in zip(sides, colors, strict=True):
        if np.linalg.norm(color - typical) > 30 + 0.3 * np.linalg.norm(typical):
            raise MeasurementError(f"no uniform border: the {side} side has another colour than the others")


def _changes_within(found: BorderSide) -> bool:
    """Whether the border's colour changes, on many profiles, between the card's edge and the print's edge."""
    if found.inner is None:
        return False
    strip = found.strip
    start, end = found.outer.curve[0] + CUT_EDGE_MM, found.inner.curve[0] - 0.15 - 2 * strip.step_mm
    if end - start < 0.4:
        return False
    edges = np.linspace(start, end, 4)
    columns = np.round((edges - strip.first_mm) / strip.step_mm).astype(int)
    zones = [strip.profiles[:, a : max(b, a + 1)].mean(axis=1) for a, b in itertools.pairwise(columns)]
    change = np.linalg.norm(zones[2] - zones[0], axis=1)
    return bool(np.mean(change > max(15.0, 0.4 * found.inner.contrast)) > 0.35)
