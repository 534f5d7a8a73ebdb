"""The four borders of a card are of one print: what that says of the edges found on each side."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.card_edge import OUTER_REACH_MM, TRACE_REACH_MM, card_edge, see_edges
from edge.centering.edges.curves import upper_median
from edge.centering.edges.cut import edge_chances
from edge.centering.edges.hough import MIN_COVERAGE, Edges, find_edges
from edge.centering.edges.lines import Trace, trace
from edge.centering.edges.print_edge import (
    MAX_BORDER_MM,
    MIN_BORDER_MM,
    MIN_CONTRAST,
    MIN_ROUGH_SHARE,
    BorderSide,
    trace_side,
    with_print_edge,
)
from edge.centering.edges.print_line import with_lines
from edge.centering.edges.strips import Floats, Strip
from edge.errors import MeasurementError
from edge.geometry import SIDES, Side

PAIRS: tuple[tuple[Side, Side], ...] = (("left", "right"), ("top", "bottom"))
OPPOSITE: Mapping[Side, Side] = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
# chosen: the contrasts of one print's edges: standard deviations of their logarithms about the other sides', for most
# and for the rest, and the share of the rest.
CONTRAST_SPREAD, WIDE_CONTRAST_SPREAD, WIDE_SHARE = 0.15, 0.7, 0.07
# chosen: shifts of prints (mm), with the tails of a Student distribution of two degrees of freedom.
SHIFT_SPREAD_MM, SHIFT_EXPONENT = 0.5, 1.5
# chosen: how far the colour before the edge may differ from the other sides', as a share of it, and what it counts at
# most; a darker colour than these grey levels counts as one of them.
COLOUR_SPREAD, MAX_COLOUR_SCORE, MIN_COLOUR_LEVELS = 0.25, 3.0, 40.0
# chosen: how much less likely, as logarithms, an edge is that lies before or behind the one found on the side itself.
BEFORE_SCORE, BEHIND_SCORE = -3.0, -6.0
# chosen: a border as narrow as this is not looked for on a side alone, as it may be the cut; the whole card may tell.
NARROWEST_MM, NARROW_SCORE = 0.3, -1.0
# chosen: others are looked for only where the edge found is this much less likely than one that fits the other sides.
SUSPICIOUS_SCORE = 2.0
# chosen: what such another edge has to be: seen on this share of the side, straight, and apart from the one found.
MIN_OTHER_COVERAGE, MAX_OTHER_SCATTER_MM, OTHER_EDGE_MM = 0.85, 0.04, 0.2
# chosen: a chance below this is none; and from which doubt on the card is refused.
MIN_CHANCE, MAX_DOUBT_MM = 0.03, 0.9
# chosen: the colour before an edge is read this far from it.
BESIDE_MM = 0.25
# geometry: two opposite borders of a card are 4 to 8 mm together, wherever the print lies; lines in the frame are less.
MIN_BOTH_MM = 2.0
# chosen: few prints are shifted by a millimetre; opposite borders that differ by twice as much may be of an asymmetric
# layout, whose narrow border is no narrower than this: a print that is shifted by so much has lost it.
LOPSIDED_MM, MIN_LOPSIDED_MM = 2.0, 1.2
# chosen: an edge as faint as this beside the clearest one is another thing's.
MIN_SHARE = 0.25
# chosen: how far the borders of one card may differ in grey levels, and as a share of their own: in hue, and in all.
MAX_HUE, MAX_HUE_SHARE = 12.0, 0.08
MAX_SHADE, MAX_SHADE_SHARE = 30.0, 0.3
# chosen: grey levels that a reflection may add.
MAX_REFLECTION = 130.0
# chosen: how far light changes how strong a hue is.
HUE_GAINS = 0.5, 2.0


def trace_sides(strips: Sequence[Strip]) -> dict[Side, BorderSide]:
    """Find the card's edge and the print's edge on each side.

    Args:
        strips: of the sides, with the same columns.

    Raises:
        MeasurementError: when a card's edge cannot be followed.
    """
    found = find_edges(strips, MIN_COVERAGE, 2 * OUTER_REACH_MM)
    edges = {strip.side: each for strip, each in zip(strips, found, strict=True)}
    seen = {strip.side: see_edges(strip, edges[strip.side]) for strip in strips}
    chances = edge_chances({side: each for side, each in seen.items() if each is not None})
    sides = {}
    for strip in strips:
        each = seen[strip.side]
        outer = None if each is None else card_edge(strip, each, chances[strip.side])
        sides[strip.side] = trace_side(strip, edges[strip.side], outer)
    return _one_print(edges, with_lines(sides))


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
        if found.uneven:
            raise MeasurementError(f"no uniform border on the {side} side: something else begins before the edge found")
    clearest = max(found.inner.contrast for found in sides.values() if found.inner is not None)
    for side, found in sides.items():
        least = (MIN_ROUGH_SHARE if found.rough else MIN_SHARE) * clearest
        if found.inner is not None and found.inner.contrast < least:
            raise MeasurementError(
                f"the print's {side} edge is not clear: it is far fainter than those of the other sides"
            )
    _check_widths(sides)
    colors = np.array([found.color for found in sides.values()])
    for side, differs in zip(sides, _differ(colors, np.median(colors, axis=0)), strict=True):
        if differs:
            raise MeasurementError(f"no uniform border: the {side} side has another colour than the others")


def _check_widths(sides: Mapping[Side, BorderSide]) -> None:
    prints = {side: found.inner for side, found in sides.items() if found.inner is not None}
    widths_mm = {side: inner.curve[0] - sides[side].outer.curve[0] for side, inner in prints.items()}
    for pair in PAIRS:
        narrow, wide = sorted(pair, key=lambda side: widths_mm[side])
        both_mm = widths_mm[narrow] + widths_mm[wide]
        if widths_mm[narrow] < MIN_LOPSIDED_MM and widths_mm[wide] - widths_mm[narrow] > LOPSIDED_MM:
            raise MeasurementError(
                f"the print's {narrow} edge is not clear: the edge found is {widths_mm[narrow]:.1f} mm from the "
                f"card's, where the {wide} border is {widths_mm[wide]:.1f} mm wide"
            )
        if both_mm < MIN_BOTH_MM:
            raise MeasurementError(
                f"no printed border: those found on the {pair[0]} and {pair[1]} sides have {both_mm:.1f} mm together, "
                f"printed ones have {MIN_BOTH_MM:.0f} mm or more"
            )


def _differ(colors: Floats, typical: Floats) -> NDArray[np.bool_]:
    """Which sides' borders [K, 3] are of another colour than the others', and not only lit otherwise.

    Light scales the colour, and a reflection adds to all channels alike: neither changes the direction of what the
    channels differ by.
    """
    size = float(np.linalg.norm(typical))
    hues, typical_hue = colors - colors.mean(axis=1, keepdims=True), typical - typical.mean()
    gains = np.clip(hues @ typical_hue / max(float(typical_hue @ typical_hue), 1e-6), *HUE_GAINS)
    other_hue = np.linalg.norm(hues - gains[:, None] * typical_hue, axis=1) > MAX_HUE + MAX_HUE_SHARE * size
    differences = colors - typical
    limit = MAX_SHADE + MAX_SHADE_SHARE * size
    limits = np.where(differences.mean(axis=1) > 0, max(limit, MAX_REFLECTION), limit)
    return np.asarray(other_hue | (np.linalg.norm(differences, axis=1) > limits))


def _one_print(edges: Mapping[Side, Edges], sides: Mapping[Side, BorderSide]) -> dict[Side, BorderSide]:
    """The print's edges that fit those of the other sides; where several may be meant, the uncertainty holds them.

    Args:
        edges: the straight edges of each side.
        sides: with the print's edges that were found on each side alone.
    """
    if any(found.inner is None for found in sides.values()):
        return dict(sides)
    prints = {side: found.inner for side, found in sides.items() if found.inner is not None}
    colours = {side: _colour_before(sides[side], inner) for side, inner in prints.items()}
    return {side: _fitting(side, edges[side], sides, prints, colours) for side in sides}


def _fitting(
    side: Side,
    edges: Edges,
    sides: Mapping[Side, BorderSide],
    prints: Mapping[Side, Trace],
    colours: Mapping[Side, Floats],
) -> BorderSide:
    found, inner = sides[side], prints[side]
    others = [other for other in SIDES if other != side]
    contrast = statistics.median(math.log(prints[other].contrast) for other in others)
    colour = np.sort([colours[other] for other in others], axis=0)[len(others) // 2]
    opposite = OPPOSITE[side]
    opposite_mm = prints[opposite].curve[0] - sides[opposite].outer.curve[0]

    def score(edge: Trace, before: Floats) -> float:
        width_mm = edge.curve[0] - found.outer.curve[0]
        off = float(np.linalg.norm(before - colour))
        off /= COLOUR_SPREAD * max(float(np.linalg.norm(colour)), MIN_COLOUR_LEVELS)
        shift = math.log1p(((width_mm - opposite_mm) / 2 / SHIFT_SPREAD_MM) ** 2)
        return (
            _contrast_score(math.log(edge.contrast) - contrast)
            - SHIFT_EXPONENT * shift
            - min(0.5 * off**2, MAX_COLOUR_SCORE)
            + (NARROW_SCORE if width_mm < MIN_BORDER_MM else 0.0)
        )

    own = score(inner, colours[side])
    if _contrast_score(0.0) - own < SUSPICIOUS_SCORE:
        return found
    tried = _other_edges(found, edges, inner)
    priors = [BEFORE_SCORE if edge.curve[0] < inner.curve[0] else BEHIND_SCORE for edge in tried]
    others_scores = [score(edge, _colour_before(found, edge)) for edge in tried]
    scores = np.array([own, *(each + prior for each, prior in zip(others_scores, priors, strict=True))])
    return _likeliest(found, [inner, *tried], scores)


def _likeliest(found: BorderSide, edges: list[Trace], scores: Floats) -> BorderSide:
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    best = int(chances.argmax())
    distances = np.array([edge.curve[0] for edge in edges]) - edges[best].curve[0]
    likely = chances > MIN_CHANCE
    doubt_mm = float(np.sqrt(chances[likely] @ distances[likely] ** 2))
    chosen = replace(edges[best], doubt_mm=float(np.hypot(edges[best].doubt_mm, doubt_mm)))
    fitting = replace(found, inner=chosen) if best == 0 else with_print_edge(found, chosen)
    if doubt_mm < MAX_DOUBT_MM:
        return fitting
    return replace(
        fitting, doubt=f"the print's {found.strip.side} edge is not clear: several edges fit those of the other sides"
    )


def _other_edges(found: BorderSide, edges: Edges, inner: Trace) -> list[Trace]:
    """Straight edges along the side that may be the print's, other than the one found."""
    near = [
        line
        for line in edges.lines
        if NARROWEST_MM <= line.position_mm - found.outer.curve[0] <= MAX_BORDER_MM
        and abs(line.position_mm - inner.curve[0]) > OTHER_EDGE_MM
    ]
    traced = [trace(found.strip, edges.slopes, edges.peaks, line, TRACE_REACH_MM) for line in near]
    return [
        edge
        for edge in traced
        if edge.coverage > MIN_OTHER_COVERAGE
        and edge.contrast > MIN_CONTRAST
        and edge.scatter_mm < MAX_OTHER_SCATTER_MM
    ]


def _contrast_score(off: float) -> float:
    usual, wide = (math.exp(-0.5 * (off / spread) ** 2) / spread for spread in (CONTRAST_SPREAD, WIDE_CONTRAST_SPREAD))
    return math.log((1 - WIDE_SHARE) * usual + WIDE_SHARE * wide)


def _colour_before(found: BorderSide, edge: Trace) -> Floats:
    """Median colour [3] just before an edge."""
    strip = found.strip
    across = edge.at(strip.along_mm - strip.middle_mm) - BESIDE_MM
    places = np.rint((across - strip.first_mm) / strip.step_mm)
    columns = np.minimum(np.maximum(places, 0), strip.profiles.shape[1] - 1).astype(np.intp)
    colours = strip.profiles[np.arange(len(columns)), columns]
    return np.array([upper_median(colours[:, channel]) for channel in range(colours.shape[1])])
