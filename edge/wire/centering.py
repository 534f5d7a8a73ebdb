"""The `centering` object: the same in a card's message, in `card-scanner identify` and in `card-scanner measure`."""

from typing import Annotated, Literal

from pydantic import Field

from edge.wire.model import WireModel

Side = Literal["left", "right", "top", "bottom"]
Widths = Annotated[dict[Side, "ValueReport"], Field(min_length=4, max_length=4)]
SideFloats = Annotated[dict[Side, float], Field(min_length=4, max_length=4)]
Shares = Annotated[tuple[float, float], Field(description="of the first and the second side, in per cent")]
Point = Annotated[tuple[float, float], Field(description="x, y in pixels of the frame or photo")]


class ValueReport(WireModel):
    """A value with its standard uncertainty."""

    value: float
    std: float


class ShiftReport(WireModel):
    """Of the print's middle against the card's."""

    right: ValueReport
    down: ValueReport


class ScaleReport(WireModel):
    """Size of the print over that on the reference picture."""

    across: ValueReport
    along: ValueReport


class SkewReport(WireModel):
    """How far opposite edges of the print are from parallel."""

    left_right: float
    top_bottom: float


class _Registration(WireModel):
    shift_mm: ShiftReport
    rotation_deg: ValueReport = Field(description="turn of the print against the cut, clockwise as seen")
    scale: ScaleReport
    correlation: float = Field(description="of the card with its reference where they agree, 0 to 1")
    agreeing: float = Field(description="share of the card, 0 to 1, that agrees with the reference")


class EquivalentReport(WireModel):
    """Shares as if a card without a printed border had one: of the print's shift, not of anything that is printed."""

    border_mm: ValueReport = Field(description="the border that is assumed on every side")
    left_right: Shares
    top_bottom: Shares
    left_right_std: float
    top_bottom_std: float


class RegistrationReport(_Registration):
    """Where the print lies on the card, by the card's reference picture, which shows no printed border."""

    equivalent: EquivalentReport


class BorderedRegistrationReport(_Registration):
    """Where the print of a card with a printed border lies."""

    borders_mm: Widths
    left_right: Shares
    top_bottom: Shares
    left_right_std: float
    top_bottom_std: float


class DisagreementReport(WireModel):
    """The answer of the print's edges minus that of the registration."""

    borders_mm: SideFloats
    left_right: float = Field(description="points of the left share")
    top_bottom: float = Field(description="points of the top share")
    stds: float = Field(description="the larger of the two, in standard uncertainties")


class PlaceReport(WireModel):
    """One of the places at which the border is measured."""

    side: Side
    position_mm: float = Field(description="along the side, from its left or upper end")
    outer_px: Point
    inner_px: Point | None
    width_mm: float | None
    std_mm: float | None
    outlier: bool = Field(description="left out: not on the straight edge of the print")


class GradeReport(WireModel):
    """The best grade that a company's centering tolerance allows."""

    best: str | None
    below: str | None = Field(description="without a best, the last grade of the table")
    probability: float
    verified: bool = Field(description="read from the company's own published standard")


class _Centering(WireModel):
    measurable: bool
    reason: str | None
    face: Literal["front", "back"]
    frames: int = Field(description="that were combined")
    notes: tuple[str, ...]
    method: Literal["print edges", "registration"] | None
    registration: BorderedRegistrationReport | RegistrationReport | None
    registration_reason: str | None = Field(description="why there is no registration")
    disagreement: DisagreementReport | None = Field(description="null where there are not two answers")


class UnmeasuredCentering(_Centering):
    """Why a card has no borders and shares."""

    measurable: Literal[False]
    method: None


class MeasuredCentering(_Centering):
    """Borders and shares of a card."""

    measurable: Literal[True]
    method: Literal["print edges", "registration"]
    borders_mm: Widths
    left_right: Shares
    top_bottom: Shares
    left_right_std: float
    top_bottom_std: float
    rotation_deg: float = Field(description="turn of the print against the cut, clockwise as seen")
    rotation_std_deg: float
    skew_deg: SkewReport
    straightness_mm: SideFloats = Field(description="standard deviation of the places about their line")
    px_per_mm: float
    points: tuple[PlaceReport, ...]
    grades: dict[str, GradeReport] = Field(description="by company")


CenteringReport = MeasuredCentering | UnmeasuredCentering
