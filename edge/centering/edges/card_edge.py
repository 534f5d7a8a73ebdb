"""The card's own edge on one side: which of the straight edges near the outline it is, and where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.edge_model import ACROSS_MM, COLOURS, EDGE_STEP_MM, EDGES_MM, fit_edges
from edge.centering.edges.hough import MIN_COVERAGE, Edges
from edge.centering.edges.lines import Trace, sampled_along, trace
from edge.centering.edges.strips import Floats, Profiles, Strip

# chosen: how far from the outline the card's edge lies, and how far from a line its peaks.
OUTER_REACH_MM, TRACE_REACH_MM = 0.6, 0.18
# chosen: scatter of single profiles about a straight edge: up to 0.03 mm; where it stands out by so many grey levels,
# up to half a sample.
MAX_OUTER_SCATTER_MM, MAX_CLEAR_SCATTER_PX = 0.03, 0.5
CLEAR_CONTRAST = 60.0
# chosen: a faint edge that scatters more is taken for a ripple of the shadow or of the ground.
MAX_FAINT_SCATTER_MM = 0.0235
# chosen: the outermost edge is as clear as the clearest if its blur is at most so many times as wide, and its contrast
# at least this share.
AS_SHARP, AS_STRONG = 1.4, 0.12
# numerics: no blur is told that is narrower than this share of a sample.
_LEAST_BLUR_PX = 1 / 3
# chosen: below this scatter, contrast alone tells which edge is the clearest.
CLEAREST_SCATTER_MM = 0.01
# chosen: how much the spread along the side counts beside the mean colours.
SPREAD_WEIGHT = 1.5
# chosen: how well a model can fit the mean profile: in grey levels, and as a share of the step.
FLOOR_LEVELS, FLOOR_SHARE = 0.25, 0.007
# chosen: how many times better a model has to fit whose edge is none of those seen on single profiles, and up to which
# scatter they count as seen; and how many times worse the outermost clear edge may fit.
UNSEEN_FACTOR, MAX_SEEN_SCATTER_MM = 1.2, 0.045
OUTERMOST_FACTOR = 1.2
# chosen: places this near are one edge.
SAME_EDGE_MM = 0.08
# chosen: a chance below the first is none; from the second on, the answer is the mean of all.
MIN_CHANCE, MIN_EVEN_CHANCE = 0.01, 0.25
# chosen: standard uncertainty of a place that only the mean profile shows; and of an edge that is straight on no
# profile, as a multiple of its scatter.
MODEL_STD_MM, ROUGH_DOUBT = 0.02, 1.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenEdges:
    """What one side shows of the card's edge.

    Attributes:
        guide: the clearest straight edge, along which the profiles are averaged.
        straight: all edges seen along the side, the guide among them.
        misfits: [E, C] of models with their edge at each of `EDGES_MM` against the guide, and each of `CUTS_MM`.
        borders: [E, C, 3] colours of the border in these models.
        cuts: [E, C, 3] colours of the cut.
    """

    guide: Trace
    straight: tuple[Trace, ...]
    misfits: Floats
    borders: Floats
    cuts: Floats


def see_edges(strip: Strip, edges: Edges) -> SeenEdges | None:
    """Look for the card's edge next to s = 0, among those of shadows, of the ground and of the cut.

    Returns:
        What is seen; None when there is no edge along the side.
    """
    near = [line for line in edges.lines if abs(line.position_mm) < OUTER_REACH_MM]
    traced = [trace(strip, edges.slopes, edges.peaks, line, TRACE_REACH_MM) for line in near]
    seen = [found for found in traced if found.coverage >= MIN_COVERAGE]
    if not seen:
        return None
    guide = max(seen, key=lambda found: found.contrast / np.hypot(found.scatter_mm, CLEAREST_SCATTER_MM))
    fits = fit_edges(_profile(strip, guide))
    misfits = fits.misfits + FLOOR_LEVELS**2 + (FLOOR_SHARE * guide.contrast) ** 2
    places = EDGES_MM + guide.curve[0]
    sharp = [f for f in seen if f.scatter_mm < max_scatter_mm(f, strip.step_mm)]
    misfits[~_at_any(places, [f for f in seen if f.scatter_mm < MAX_SEEN_SCATTER_MM])] *= UNSEEN_FACTOR**2
    misfits[_at_any(places, _outermost(sharp, strip.step_mm))] /= OUTERMOST_FACTOR**2
    return SeenEdges(
        guide=guide,
        straight=tuple(seen),
        misfits=misfits,
        borders=fits.borders[..., :COLOURS],
        cuts=fits.cuts[..., :COLOURS],
    )


def card_edge(strip: Strip, seen: SeenEdges, chances: Floats) -> Trace:
    """The card's edge at the likeliest place; its uncertainty holds the others.

    Args:
        strip: the side.
        seen: on it.
        chances: [E] of the edge at each of `EDGES_MM`.
    """
    near = np.abs(EDGES_MM[:, None] - EDGES_MM) < SAME_EDGE_MM
    best = int(np.where(chances > 0, near @ chances, 0.0).argmax())
    chosen = _placed(strip, seen.guide, seen.straight, _vertex(seen.misfits.min(axis=1), best))
    distances = np.where(near[best], 0.0, EDGES_MM - EDGES_MM[best])
    other = float(chances[~near[best]].sum())
    if other < MIN_CHANCE:
        return chosen
    mean, square = float(chances @ distances), float(chances @ distances**2)
    moved = mean if other > MIN_EVEN_CHANCE else 0.0
    return _moved(chosen, moved, float(np.hypot(chosen.doubt_mm, np.sqrt(square - moved**2))))


def max_scatter_mm(found: Trace, step_mm: float) -> float:
    """How much the profiles of a straight edge may scatter: compressed photos of few pixels blur a clear edge's."""
    clear = found.contrast > CLEAR_CONTRAST
    return max(MAX_OUTER_SCATTER_MM, MAX_CLEAR_SCATTER_PX * step_mm) if clear else MAX_OUTER_SCATTER_MM


def _profile(strip: Strip, guide: Trace) -> Profiles:
    """Mean colours and their spread [M, 4] at `ACROSS_MM` from an edge, over the profiles that show it.

    A ground with a texture has a spread along the side that ends where the card begins.
    """
    sampled = sampled_along(strip, guide, ACROSS_MM)
    mean = sampled.mean(axis=0)
    away = sampled - mean
    spread = np.sqrt(np.einsum("nmc,nmc->mc", away, away) / len(sampled)).mean(axis=1, keepdims=True)
    return np.asarray(np.concatenate([mean, SPREAD_WEIGHT * spread], axis=1), dtype=np.float32)


def _at_any(places_mm: Floats, edges: Sequence[Trace]) -> NDArray[np.bool_]:
    found = np.array([edge.curve[0] for edge in edges])
    return np.asarray((np.abs(places_mm[:, None] - found) < SAME_EDGE_MM).any(axis=1))


def _outermost(straight: Sequence[Trace], step_mm: float) -> list[Trace]:
    """The outermost edge that is sharp and straight enough, beside the clearest, to be the card's and no shadow's."""
    if not straight:
        return []
    clearest = max(straight, key=lambda found: found.contrast)
    return [min((f for f in straight if _as_clear(f, clearest, step_mm)), key=lambda found: found.curve[0])]


def _as_clear(found: Trace, clearest: Trace, step_mm: float) -> bool:
    if found is clearest:
        return True
    sharp = found.width_mm < AS_SHARP * max(clearest.width_mm, _LEAST_BLUR_PX * step_mm)
    return sharp and found.contrast > AS_STRONG * clearest.contrast and found.scatter_mm < MAX_FAINT_SCATTER_MM


def _vertex(misfits: Floats, best: int) -> float:
    """The place of the least misfit, between the places tried; the place itself where its neighbours fit better."""
    below, at, above = misfits[max(best - 1, 0)], misfits[best], misfits[min(best + 1, len(misfits) - 1)]
    if not at < min(below, above):
        return float(EDGES_MM[best])
    return float(EDGES_MM[best] + 0.5 * EDGE_STEP_MM * (below - above) / (below - 2 * at + above))


def _placed(strip: Strip, guide: Trace, seen: Sequence[Trace], place_mm: float) -> Trace:
    """The straight edge seen at a place against the guide; the guide moved there where none is seen."""
    ends = strip.along_mm[[0, len(strip.along_mm) // 2, -1]] - strip.middle_mm
    for found in sorted(seen, key=lambda found: abs(found.curve[0] - guide.curve[0] - place_mm)):
        away = np.abs(found.at(ends) - guide.at(ends) - place_mm)
        if away.max() < SAME_EDGE_MM and found.scatter_mm < max_scatter_mm(found, strip.step_mm):
            return found
    if abs(place_mm) < SAME_EDGE_MM:
        return _moved(guide, 0.0, ROUGH_DOUBT * guide.scatter_mm)
    return _moved(guide, place_mm, MODEL_STD_MM)


def _moved(found: Trace, by_mm: float, doubt_mm: float) -> Trace:
    c0, c1, c2 = found.curve
    return replace(found, across_mm=found.across_mm + by_mm, curve=(c0 + by_mm, c1, c2), doubt_mm=doubt_mm)
