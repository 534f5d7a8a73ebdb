"""What centering saw of simulated cards on its way to an answer, beside what is true: for fitting it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.centering import measure
from edge.centering.edges.border import trace_sides
from edge.centering.edges.card_edge import SeenEdges
from edge.centering.edges.cut import edge_chances
from edge.centering.edges.print_edge import BorderSide
from edge.centering.edges.strips import Floats, Strip
from edge.centering.figures.places import read_places
from edge.centering.optics.plane import CardPlane
from edge.centering.result import Centering, Place
from edge.geometry import SIDES, Side, transform_points
from training.evaluation.centering_scenes import CenteringScene
from training.evaluation.choices import changed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenCard:
    """The edges seen along a card's sides, and where the true ones lie.

    Attributes:
        sides: what is seen on each.
        places_mm: of the true edges against the guides.
    """

    sides: Mapping[Side, SeenEdges]
    places_mm: Mapping[Side, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """One card, measured without its reference picture.

    Attributes:
        truth_mm: widths of its borders left, right, top, bottom; None for a borderless card.
        seen: for each outline that was tried.
        borders: both edges of the borders that the figures rest on.
        answer: what was measured.
    """

    truth_mm: tuple[float, ...] | None
    seen: Sequence[SeenCard]
    borders: Mapping[Side, BorderSide] | None
    answer: Centering


_BORDER, _TRACING = "edge.centering.edges.border", "edge.centering.edges.tracing"
_MEASUREMENT = "edge.centering.measurement"


def observed(scene: CenteringScene) -> Observation:
    """Measure a card, and keep what was seen."""
    strips: list[Sequence[Strip]] = []
    seen: list[SeenCard] = []
    borders: list[Mapping[Side, BorderSide]] = []

    def trace(given: Sequence[Strip]) -> dict[Side, BorderSide]:
        strips.append(given)
        return trace_sides(given)

    def chances(sides: dict[Side, SeenEdges]) -> dict[Side, Floats]:
        seen.append(SeenCard(sides=sides, places_mm=_true_places(strips[-1], sides, scene.middles_px)))
        return edge_chances(sides)

    def read(sides: Mapping[Side, BorderSide], plane: CardPlane, stds_mm: Mapping[Side, float]) -> tuple[Place, ...]:
        borders.append(sides)
        return read_places(sides, plane, stds_mm)

    recorders = {
        (_TRACING, "trace_sides"): trace,
        (_BORDER, "edge_chances"): chances,
        (_MEASUREMENT, "read_places"): read,
    }
    with changed(recorders):
        answer = measure(scene.image, scene.rough)
    return Observation(truth_mm=scene.truth_mm, seen=seen, borders=borders[-1] if borders else None, answer=answer)


def _true_places(
    strips: Sequence[Strip], sides: Mapping[Side, SeenEdges], middles_px: NDArray[np.float64]
) -> dict[Side, float]:
    """Where the true edges lie against the guides, in the middle of each side."""
    found = {}
    for strip in strips:
        if strip.side in sides:
            inverse = np.asarray(np.linalg.inv(strip.to_image), dtype=np.float64)
            ((across, along),) = transform_points(inverse, middles_px[[SIDES.index(strip.side)]])
            guide = sides[strip.side].guide
            found[strip.side] = float(across - guide.at(np.array([along - strip.middle_mm]))[0])
    return found
