"""The 24 places: what the border measures at each of them, and how well."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.departure import PROFILES_AVERAGED
from edge.centering.edges.lines import Trace
from edge.centering.edges.print_edge import BorderSide
from edge.centering.edges.strips import LENGTH_MM, Floats, Strip, side_to_card
from edge.centering.fitted import fitted
from edge.centering.optics.plane import CardPlane
from edge.centering.result import Place
from edge.errors import MeasurementError
from edge.geometry import SIDES, Side, transform_points

# geometry: one every 11 mm, as the middle of a side is one of them.
PLACES_PER_SIDE: Mapping[Side, int] = {"left": 7, "right": 7, "top": 5, "bottom": 5}
# chosen: about a place, so that a quarter of the side is read in all.
PLACE_REACH_MM = 2.3
# chosen: beyond this scatter an edge is worn, shadowed or two edges in one, and its middle doubtful in itself.
ROUGH_SCATTER_MM = 0.03
FITTED = fitted().uncertainty
_INWARD = {side: np.asarray(np.linalg.inv(side_to_card(side)), dtype=np.float64) for side in SIDES}


def place_positions_mm(side: Side) -> Floats:
    """Where along a side the border is measured: evenly spaced, the middle among them, clear of the corners."""
    count = PLACES_PER_SIDE[side]
    return LENGTH_MM[side] * np.arange(1, count + 1) / (count + 1)


def read_places(
    sides: Mapping[Side, BorderSide], plane: CardPlane, outer_stds_mm: Mapping[Side, float]
) -> tuple[Place, ...]:
    """Read the border at all 24 places.

    Args:
        sides: with both edges of the border.
        plane: of the card.
        outer_stds_mm: standard uncertainties of the card's edges.

    Raises:
        MeasurementError: when a side has no print edge.
    """
    return tuple(place for side in SIDES for place in _side_places(sides[side], plane, outer_stds_mm[side]))


def outer_std_mm(found: BorderSide) -> float:
    """Standard uncertainty of the place of a card's edge, the same along the whole side."""
    outer, step_mm = found.outer, found.strip.step_mm
    parts = (
        FITTED.sampling_px * step_mm,
        FITTED.scatter * outer.scatter_mm + FITTED.rough_scatter * max(0.0, outer.scatter_mm - ROUGH_SCATTER_MM),
        FITTED.blur * outer.width_mm,
        FITTED.faint_px * step_mm / max(outer.contrast, 1.0),
        outer.doubt_mm,
    )
    return float(np.linalg.norm(parts))


def _side_places(found: BorderSide, plane: CardPlane, outer_mm: float) -> list[Place]:
    """Read the border at all places of one side."""
    strip, outer, inner = found.strip, found.outer, found.inner
    if inner is None:
        raise MeasurementError(f"no printed border on the {strip.side} side")
    positions = place_positions_mm(strip.side)
    offsets, counts, outliers = _local_offsets(strip, inner, positions)
    u = positions - strip.middle_mm
    outer_px = strip.image_points(outer.at(u), positions)
    inner_px = strip.image_points(inner.at(u) + np.nan_to_num(offsets), positions)
    card_mm = plane.card_points(np.concatenate([outer_px, inner_px]))
    widths_mm = np.diff(transform_points(_INWARD[strip.side], card_mm)[:, 0].reshape(2, -1), axis=0)[0]
    shared = float(np.linalg.norm((outer_mm, print_edge_std_mm(found, inner), inner.common_std_mm)))
    independent = counts / PROFILES_AVERAGED if found.rough else counts
    stds = np.sqrt(shared**2 + inner.scatter_mm**2 / np.maximum(independent, 1))
    return [
        Place(
            side=strip.side,
            position_mm=float(positions[k]),
            outer_px=(float(outer_px[k, 0]), float(outer_px[k, 1])),
            inner_px=(float(inner_px[k, 0]), float(inner_px[k, 1])) if readable else None,
            width_mm=float(widths_mm[k]) if readable else None,
            std_mm=float(stds[k]) if readable else None,
            shared_std_mm=shared,
            outlier=bool(outliers[k]),
            common_std_mm=inner.common_std_mm,
        )
        for k, readable in enumerate(np.isfinite(offsets))
    ]


def print_edge_std_mm(found: BorderSide, inner: Trace) -> float:
    """What displaces the whole print edge: what lies beside it, where along its rise it is, which of several it is."""
    faint = FITTED.faint_px * found.strip.step_mm / max(inner.contrast, 1.0)
    rise = FITTED.rise * inner.width_mm if found.rough else 0.0
    return float(np.linalg.norm((faint, rise, inner.doubt_mm)))


def _local_offsets(strip: Strip, inner: Trace, positions_mm: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """What is read around each place, against the print edge's curve.

    Returns:
        Offsets [K] in mm (NaN where there is no edge), profiles behind each [K], and which are outliers [K]: places
        where most profiles do not agree with the straight edge.
    """
    residuals = inner.across_mm - inner.at(strip.along_mm - strip.middle_mm)
    near = np.abs(strip.along_mm - positions_mm[:, None]) <= PLACE_REACH_MM
    good = near & inner.used
    counts = good.sum(axis=1)
    outliers = counts < np.maximum(2, near.sum(axis=1) / 2)
    offsets = good @ np.where(inner.used, residuals, 0.0) / np.maximum(counts, 1)
    for k in np.flatnonzero(outliers):
        read = residuals[near[k] & np.isfinite(residuals)]
        offsets[k] = np.median(read) if len(read) else np.nan
    return offsets, counts, outliers
