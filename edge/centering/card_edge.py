"""The card's own edge on one side: which of the straight edges near the outline it is, and where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.edge_model import ACROSS_MM, CUTS_MM, EDGE_STEP_MM, EDGES_MM, edge_misfits
from edge.centering.lines import Line, Peaks, Trace, trace
from edge.centering.strips import Floats, Profiles, Strip
from edge.errors import MeasurementError

MIN_COVERAGE = 0.6
OUTER_REACH_MM = 0.6
TRACE_REACH_MM = 0.18
# Scatter of single profiles about a straight edge: up to 0.03 mm; where it stands out, up to half a sample.
MAX_OUTER_SCATTER_MM = 0.03
MAX_CLEAR_SCATTER_PX = 0.5
CLEAR_CONTRAST = 60.0
# A faint edge that scatters more is taken for a ripple of the shadow or of the ground.
MAX_FAINT_SCATTER_MM = 0.0235
# How much the spread along the side counts beside the mean colours.
SPREAD_WEIGHT = 1.5
# How well a model can fit the mean profile: in grey levels, and as a share of the step.
FLOOR_LEVELS = 0.25
FLOOR_SHARE = 0.007
# How many times better a model has to fit that has a cut (narrow ones fit whatever shape the blur has), and one whose
# edge is none of those seen on single profiles; and how many times worse the outermost clear edge may fit.
CUT_FACTORS = np.where(CUTS_MM == 0, 1.0, np.where(CUTS_MM < 0.25, 1.95, 1.5))
UNSEEN_FACTOR = 1.2
MAX_SEEN_SCATTER_MM = 0.045
OUTERMOST_FACTOR = 1.2
# Places this near are one edge, and this far apart two.
SAME_EDGE_MM = 0.08
OTHER_EDGE_MM = 0.13
# The likelihood of a misfit is that of so many independent differences, normally distributed: on 2,753 sides of
# simulated cards the second place was as often the card's edge as this says. A chance below the first is none; from the
# second on, the answer is the mean of both places.
INDEPENDENT_SAMPLES = 12
MIN_CHANCE = 0.02
MIN_EVEN_CHANCE = 0.25
MAX_DOUBT_MM = 0.2
# Standard uncertainty of a place that only the mean profile shows; and of an edge that is straight on no profile, as a
# multiple of its scatter.
MODEL_STD_MM = 0.02
ROUGH_DOUBT = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """Where the card's edge lies against the guide: the likeliest place, the next one, and that one's chance."""

    place_mm: float
    other_mm: float
    other_chance: float


def find_card_edge(strip: Strip, slopes: Profiles, peaks: Peaks, lines: list[Line]) -> Trace:
    """The card's edge next to s = 0, among those of shadows, of the ground and of the cut.

    The clearest straight edge is a guide along which the profiles are averaged; where the card's edge lies against it
    is told by the model that fits the mean best. Where two places explain it about as well, the uncertainty says so.

    Raises:
        MeasurementError: when there is no edge along the side, or two far apart could be the card's.
    """
    near = [line for line in lines if abs(line.position_mm) < OUTER_REACH_MM]
    seen = [
        f for f in (trace(strip, slopes, peaks, line, TRACE_REACH_MM) for line in near) if f.coverage >= MIN_COVERAGE
    ]
    if not seen:
        raise MeasurementError(f"the card's {strip.side} edge is not clear: covered, worn, or too like the ground")
    guide = max(seen, key=lambda found: found.contrast / np.hypot(found.scatter_mm, 0.01))
    finding = _finding(strip, guide, seen)
    chosen = _placed(strip, guide, seen, finding.place_mm)
    distance, chance = finding.other_mm - finding.place_mm, finding.other_chance
    doubt = abs(distance) * np.sqrt(chance * (1 - chance))
    if doubt > MAX_DOUBT_MM:
        raise MeasurementError(
            f"the card's {strip.side} edge is not clear: another edge runs beside it, a shadow's or the ground's"
        )
    moved = chance * distance if chance > MIN_EVEN_CHANCE else 0.0
    return _moved(chosen, moved, float(np.hypot(chosen.doubt_mm, doubt)))


def max_scatter_mm(found: Trace, step_mm: float) -> float:
    """How much the profiles of a straight edge may scatter: compressed photos of few pixels blur a clear edge's."""
    clear = found.contrast > CLEAR_CONTRAST
    return max(MAX_OUTER_SCATTER_MM, MAX_CLEAR_SCATTER_PX * step_mm) if clear else MAX_OUTER_SCATTER_MM


def _finding(strip: Strip, guide: Trace, seen: Sequence[Trace]) -> _Finding:
    floor = FLOOR_LEVELS**2 + (FLOOR_SHARE * guide.contrast) ** 2
    misfits = ((edge_misfits(_profile(strip, guide)) + floor) * CUT_FACTORS**2).min(axis=1)
    places = EDGES_MM + guide.curve[0]
    straight = [f for f in seen if f.scatter_mm < max_scatter_mm(f, strip.step_mm)]
    misfits[~_at_any(places, [f for f in seen if f.scatter_mm < MAX_SEEN_SCATTER_MM])] *= UNSEEN_FACTOR**2
    misfits[_at_any(places, _outermost(straight, strip.step_mm))] /= OUTERMOST_FACTOR**2
    best = int(misfits.argmin())
    others = np.flatnonzero(np.abs(EDGES_MM - EDGES_MM[best]) > OTHER_EDGE_MM)
    other = int(others[misfits[others].argmin()])
    chance = float(1 / (1 + (misfits[other] / misfits[best]) ** (INDEPENDENT_SAMPLES / 2)))
    return _Finding(
        place_mm=_vertex(misfits, best),
        other_mm=float(EDGES_MM[other]),
        other_chance=chance if chance > MIN_CHANCE else 0.0,
    )


def _profile(strip: Strip, guide: Trace) -> Profiles:
    """Mean colours and their spread [M, 4] at `ACROSS_MM` from an edge, over the profiles that show it.

    A ground with a texture has a spread along the side that ends where the card begins.
    """
    rows = np.flatnonzero(guide.used)
    across = guide.at(strip.along_mm[rows] - strip.middle_mm)[:, None] + ACROSS_MM
    columns = ((across - strip.first_mm) / strip.step_mm).astype(np.float32)
    lines = np.broadcast_to(rows[:, None].astype(np.float32), columns.shape).copy()
    sampled = cv2.remap(strip.profiles, columns, lines, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    spread = sampled.std(axis=0).mean(axis=1, keepdims=True)
    return np.asarray(np.concatenate([sampled.mean(axis=0), SPREAD_WEIGHT * spread], axis=1), dtype=np.float32)


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
    sharp = found.width_mm < 1.4 * max(clearest.width_mm, step_mm / 3)
    return sharp and found.contrast > 0.12 * clearest.contrast and found.scatter_mm < MAX_FAINT_SCATTER_MM


def _vertex(misfits: Floats, best: int) -> float:
    """The place of the least misfit, between the places tried."""
    if not 0 < best < len(misfits) - 1:
        return float(EDGES_MM[best])
    below, at, above = misfits[best - 1 : best + 2]
    bend = below - 2 * at + above
    return float(EDGES_MM[best] + (0.5 * EDGE_STEP_MM * (below - above) / bend if bend > 0 else 0.0))


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
