"""From the 24 places to borders, ratios, rotation, skew and grades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.centering.edges.border import PAIRS
from edge.centering.edges.strips import LENGTH_MM
from edge.centering.figures.grading import GradingTables, grade_chances, shipped_tables
from edge.centering.figures.layout import by_layout, is_lopsided
from edge.centering.fitted import fitted
from edge.centering.result import Balance, Disagreement, Estimate, Face, Figures, Place, Registration
from edge.errors import MeasurementError
from edge.geometry import CARD_WIDTH_MM, SIDES, Side

# geometry: a straight line, and one place to tell how well it fits.
MIN_PLACES = 3
# geometry: standard deviation of a card's true width over fifty measured cards: the scale is known no better.
CARD_SIZE_STD_MM = 0.14
CARD_SIZE_SHARE = CARD_SIZE_STD_MM / CARD_WIDTH_MM
# numerics: what is left of a place's own uncertainty at least, so that every place has a weight.
MIN_STD_MM = 1e-4
FITTED = fitted().uncertainty


def figures_from_places(
    places: Sequence[Place], face: Face, tables: GradingTables, designed_mm: Mapping[Side, float] | None = None
) -> Figures:
    """Compute every figure from the places that are no outliers.

    Without `designed_mm`, the borders on the card's reference picture, a print that may be of an asymmetric layout has
    no grades.

    Raises:
        MeasurementError: when a side has too few of them.
    """
    fits = {side: _fit(side, places) for side in SIDES}
    left_right, top_bottom = (_side_balance(fits[a], fits[b], _pair(designed_mm, (a, b))) for a, b in PAIRS)
    doubtful = designed_mm is None and any(is_lopsided(fits[a].middle_mm, fits[b].middle_mm) for a, b in PAIRS)
    turns = -fits["left"].slope, fits["right"].slope, fits["top"].slope, -fits["bottom"].slope
    slopes = np.degrees(np.arctan(turns))
    slope_stds = np.degrees([fits[side].slope_std for side in SIDES])
    weights = 1 / slope_stds**2
    return Figures(
        borders_mm={
            side: Estimate(
                value=fit.middle_mm,
                std=float(np.linalg.norm((fit.std_mm, fit.common_std_mm, CARD_SIZE_SHARE * fit.middle_mm))),
            )
            for side, fit in fits.items()
        },
        left_right=left_right,
        top_bottom=top_bottom,
        rotation_deg=Estimate(
            value=float(np.average(slopes, weights=weights)),
            std=float(np.hypot(np.sqrt(1 / weights.sum()), np.std(slopes) / 2)),
        ),
        skew_deg=(float(slopes[1] - slopes[0]), float(slopes[3] - slopes[2])),
        straightness_mm={side: fit.straightness_mm for side, fit in fits.items()},
        grades={} if doubtful else grade_chances(tables, left_right, top_bottom, face),
    )


def registered_figures(
    places: Sequence[Place], registration: Registration, face: Face, tables: GradingTables
) -> Figures:
    """Every figure of a card whose border is known by registration only.

    One shift moves all four borders, so that the shares' uncertainties are the registration's, not those of four
    borders that err on their own.
    """
    found = figures_from_places(places, face, tables)
    left_right, top_bottom = registration.left_right, registration.top_bottom
    if left_right is None or top_bottom is None:
        raise MeasurementError("the registered card has no printed border")
    grades = grade_chances(tables, left_right, top_bottom, face)
    return replace(
        found,
        left_right=left_right,
        top_bottom=top_bottom,
        rotation_deg=registration.rotation_deg,
        grades=grades,
    )


def widened(
    figures: Figures, disagreement: Disagreement, share: float, face: Face, tables: GradingTables | None
) -> Figures:
    """The figures with uncertainties that allow for an answer that contradicts them, by a share of the difference."""
    left_right, top_bottom = (
        replace(each, std=float(np.hypot(each.std, share * difference)))
        for each, difference in (
            (figures.left_right, disagreement.left_right),
            (figures.top_bottom, disagreement.top_bottom),
        )
    )
    borders: dict[Side, Estimate] = {
        side: Estimate(value=each.value, std=float(np.hypot(each.std, share * disagreement.borders_mm[side])))
        for side, each in figures.borders_mm.items()
    }
    grades = grade_chances(tables or shipped_tables(), left_right, top_bottom, face)
    return replace(figures, borders_mm=borders, left_right=left_right, top_bottom=top_bottom, grades=grades)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SideFit:
    """A weighted straight line through a side's places.

    Attributes:
        middle_mm: width of the border at the middle of the side.
        std_mm: its standard uncertainty, without what all sides share.
        common_std_mm: what they share.
        slope, slope_std: of the print's edge against the card's.
        straightness_mm: standard deviation of the places about the line.
    """

    middle_mm: float
    std_mm: float
    common_std_mm: float
    slope: float
    slope_std: float
    straightness_mm: float


def _fit(side: Side, places: Sequence[Place]) -> _SideFit:
    """Fit a side's places.

    The places' own uncertainties average out over the side; what they share does not.
    """
    good = [p for p in places if p.side == side and not p.outlier and p.width_mm is not None and p.std_mm is not None]
    if len(good) < MIN_PLACES:
        raise MeasurementError(
            f"the print's {side} edge can be read at {len(good)} places only, {MIN_PLACES} are needed"
        )
    u = np.array([place.position_mm for place in good]) - LENGTH_MM[side] / 2
    widths = np.array([place.width_mm for place in good], dtype=np.float64)
    read = ((p.std_mm, p.shared_std_mm, p.common_std_mm) for p in good)
    stds, shared, common = (np.array(part, dtype=np.float64) for part in zip(*read, strict=True))
    weights = 1 / np.maximum(stds**2 - shared**2, MIN_STD_MM**2)
    design = np.column_stack([np.ones_like(u), u])
    covariance = np.linalg.inv(design.T @ (design * weights[:, None]))
    middle, slope = covariance @ design.T @ (weights * widths)
    residual = widths - middle - slope * u
    misfit = max(1.0, float(np.sum(weights * residual**2)) / max(len(good) - 2, 1))
    middle_std, slope_std = np.sqrt(np.diag(covariance) * misfit)
    apart = float(np.sqrt(np.maximum(shared**2 - common**2, 0.0)).mean())
    return _SideFit(
        middle_mm=float(middle),
        std_mm=float(np.hypot(middle_std, apart)),
        common_std_mm=float(common.mean()),
        slope=float(slope),
        slope_std=float(np.hypot(slope_std, apart / LENGTH_MM[side])),
        straightness_mm=float(np.sqrt(np.sum(residual**2) / max(len(good) - 2, 1))),
    )


def _pair(designed_mm: Mapping[Side, float] | None, sides: tuple[Side, Side]) -> tuple[float, float] | None:
    return None if designed_mm is None else (designed_mm[sides[0]], designed_mm[sides[1]])


def _side_balance(first: _SideFit, second: _SideFit, designed_mm: tuple[float, float] | None) -> Balance:
    """How a print is centred between two sides; what both borders are too wide by together hardly moves that."""
    found = balance(
        Estimate(value=first.middle_mm, std=first.std_mm), Estimate(value=second.middle_mm, std=second.std_mm)
    )
    total = first.middle_mm + second.middle_mm
    together = 100 * max(first.common_std_mm, second.common_std_mm) * (second.middle_mm - first.middle_mm) / total**2
    told = replace(found, std=float(np.hypot(found.std, together)))
    return by_layout(told, (first.middle_mm, second.middle_mm), designed_mm)


def balance(first: Estimate, second: Estimate) -> Balance:
    """How two borders share their sum; their errors are taken to be opposite in part."""
    total = first.value + second.value
    parts = np.array([second.value * first.std, first.value * second.std]) / total**2
    spread = np.sqrt(parts @ parts + 2 * FITTED.opposition * parts.prod())
    return Balance(first=float(100 * first.value / total), std=float(100 * spread))
