"""A measurement as programs read it, rounded to what is worth saying."""

from collections.abc import Mapping
from typing import Any

from edge.centering.result import (
    EQUIVALENT_BORDER_MM,
    EQUIVALENT_BORDER_STD_MM,
    Balance,
    Centering,
    Disagreement,
    Estimate,
    Figures,
    GradeChance,
    Pixel,
    Place,
    Registration,
)
from edge.errors import MeasurementError
from edge.geometry import SIDES, Side
from edge.wire.centering import (
    BorderedRegistrationReport,
    CenteringReport,
    DisagreementReport,
    EquivalentReport,
    GradeReport,
    MeasuredCentering,
    PlaceReport,
    RegistrationReport,
    ScaleReport,
    ShiftReport,
    SkewReport,
    UnmeasuredCentering,
    ValueReport,
)


def centering_report(centering: Centering) -> CenteringReport:
    """The `centering` object of the commands and of the wire protocol."""
    registration, disagreement = centering.registration, centering.disagreement
    always: dict[str, Any] = {
        "reason": centering.reason,
        "face": centering.face,
        "frames": centering.frames,
        "notes": centering.notes,
        "registration": None if registration is None else _registration(registration),
        "registration_reason": centering.registration_reason,
        "disagreement": None if disagreement is None else _disagreement(disagreement),
    }
    if centering.figures is None:
        return UnmeasuredCentering(measurable=False, method=None, **always)
    return MeasuredCentering(
        measurable=True,
        **always,
        **_figures(centering.figures),
        method=centering.method,
        px_per_mm=round(centering.px_per_mm, 3),
        points=tuple(_place(place) for place in centering.places),
    )


def _figures(found: Figures) -> dict[str, Any]:
    return {
        **_borders(found.borders_mm, found.left_right, found.top_bottom),
        "rotation_deg": round(found.rotation_deg.value, 4),
        "rotation_std_deg": round(found.rotation_deg.std, 4),
        "skew_deg": SkewReport(left_right=round(found.skew_deg[0], 4), top_bottom=round(found.skew_deg[1], 4)),
        "straightness_mm": {side: round(found.straightness_mm[side], 4) for side in SIDES},
        "grades": grade_reports(found.grades),
    }


def _borders(borders_mm: Mapping[Side, Estimate], left_right: Balance, top_bottom: Balance) -> dict[str, Any]:
    return {
        "borders_mm": {side: _value(borders_mm[side]) for side in SIDES},
        "left_right": _shares(left_right),
        "top_bottom": _shares(top_bottom),
        "left_right_std": round(left_right.std, 3),
        "top_bottom_std": round(top_bottom.std, 3),
    }


def _registration(found: Registration) -> BorderedRegistrationReport | RegistrationReport:
    always: dict[str, Any] = {
        "shift_mm": ShiftReport(right=_value(found.shift_mm[0]), down=_value(found.shift_mm[1])),
        "rotation_deg": _value(found.rotation_deg),
        "scale": ScaleReport(across=_value(found.scale[0]), along=_value(found.scale[1])),
        "correlation": round(found.correlation, 3),
        "agreeing": round(found.agreeing, 3),
    }
    if found.equivalent is not None:
        return RegistrationReport(**always, equivalent=_equivalent(*found.equivalent))
    if found.borders_mm is None or found.left_right is None or found.top_bottom is None:
        raise MeasurementError("a registration with borders lacks its shares")
    return BorderedRegistrationReport(**always, **_borders(found.borders_mm, found.left_right, found.top_bottom))


def _equivalent(across: Balance, along: Balance) -> EquivalentReport:
    return EquivalentReport(
        border_mm=ValueReport(value=EQUIVALENT_BORDER_MM, std=EQUIVALENT_BORDER_STD_MM),
        left_right=_shares(across),
        top_bottom=_shares(along),
        left_right_std=round(across.std, 3),
        top_bottom_std=round(along.std, 3),
    )


def _shares(found: Balance) -> tuple[float, float]:
    first, second = found.ratio
    return round(first, 2), round(second, 2)


def _disagreement(found: Disagreement) -> DisagreementReport:
    return DisagreementReport(
        borders_mm={side: round(found.borders_mm[side], 4) for side in SIDES},
        left_right=round(found.left_right, 3),
        top_bottom=round(found.top_bottom, 3),
        stds=round(found.stds, 2),
    )


def _place(place: Place) -> PlaceReport:
    return PlaceReport(
        side=place.side,
        position_mm=place.position_mm,
        outer_px=_point(place.outer_px),
        inner_px=None if place.inner_px is None else _point(place.inner_px),
        width_mm=None if place.width_mm is None else round(place.width_mm, 4),
        std_mm=None if place.std_mm is None else round(place.std_mm, 4),
        outlier=place.outlier,
    )


def grade_reports(grades: Mapping[str, GradeChance]) -> dict[str, GradeReport]:
    """The grades of a measurement, or of a front and a back together."""
    return {company: _grade(chance) for company, chance in grades.items()}


def _grade(chance: GradeChance) -> GradeReport:
    return GradeReport(
        best=chance.best, below=chance.below, probability=round(chance.probability, 4), verified=chance.verified
    )


def _value(estimate: Estimate) -> ValueReport:
    return ValueReport(value=round(estimate.value, 4), std=round(estimate.std, 4))


def _point(point: Pixel) -> Pixel:
    return round(point[0], 3), round(point[1], 3)
