"""What a centering measurement says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edge.centering.strips import SIDES, Side
from edge.geometry import Quad

Face = Literal["front", "back"]
Pixel = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its standard uncertainty."""

    value: float
    std: float

    def to_json(self) -> dict[str, float]:
        """As `{"value", "std"}`, to 4 decimals."""
        return {"value": round(self.value, 4), "std": round(self.std, 4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of the 24 places at which the border is measured.

    Attributes:
        side: of the card.
        position_mm: along the side, from its left or upper end.
        outer_px: the card's edge in the image.
        inner_px: the print's edge in the image; None where nothing could be read.
        width_mm: of the border; None where nothing could be read.
        std_mm: standard uncertainty of the width; None where nothing could be read.
        shared_std_mm: the part of it that all places of the side share (what displaces the whole edge).
        outlier: the reading does not belong to the straight edge of the print (text, glare, art); it is left out.
    """

    side: Side
    position_mm: float
    outer_px: Pixel
    inner_px: Pixel | None
    width_mm: float | None
    std_mm: float | None
    shared_std_mm: float
    outlier: bool

    def to_json(self) -> dict[str, object]:
        """As one of the `points` of the centering object."""
        return {
            "side": self.side,
            "position_mm": self.position_mm,
            "outer_px": [round(value, 3) for value in self.outer_px],
            "inner_px": None if self.inner_px is None else [round(value, 3) for value in self.inner_px],
            "width_mm": None if self.width_mm is None else round(self.width_mm, 4),
            "std_mm": None if self.std_mm is None else round(self.std_mm, 4),
            "outlier": self.outlier,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeChance:
    """The best grade that a company's centering tolerance allows.

    Attributes:
        best: that grade; None when the print is off by more than any grade allows.
        probability: that the true centering is within that grade's tolerance, given the uncertainty.
        verified: whether the tolerance was read from the company's own published standard.
    """

    best: str | None
    probability: float
    verified: bool

    def to_json(self) -> dict[str, object]:
        """As one of the `grades` of the centering object."""
        return {"best": self.best, "probability": round(self.probability, 4), "verified": self.verified}


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How the border is shared between two opposite sides.

    Attributes:
        first: share of the left or top border, in per cent.
        std: standard uncertainty, in points.
    """

    first: float
    std: float

    @property
    def ratio(self) -> tuple[float, float]:
        """Both shares, as in 55/45."""
        return self.first, 100.0 - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of a card that could be measured.

    Attributes:
        borders_mm: width of the border at the middle of each side.
        left_right: how the width is shared.
        top_bottom: how the height is shared.
        rotation_deg: turn of the print against the cut, clockwise as seen.
        skew_deg: how far opposite edges of the print are from parallel when the cut is taken as a rectangle:
            (left and right, top and bottom).
        straightness_mm: standard deviation of the places about the straight line through them, per side.
        grades: company -> best grade.
    """

    borders_mm: Mapping[Side, Estimate]
    left_right: Balance
    top_bottom: Balance
    rotation_deg: Estimate
    skew_deg: tuple[float, float]
    straightness_mm: Mapping[Side, float]
    grades: Mapping[str, GradeChance]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Centering:
    """The centering of one card: figures, or the reason why there are none.

    Attributes:
        figures: None when the card cannot be measured.
        reason: in words, when it cannot be measured.
        places: the 24 places; empty when it cannot be measured.
        quad: the card's sharp corners [4, 2] to sub-pixels, in image pixels; None when they were not found.
        px_per_mm: scale of the card in the image.
        face: side of the card, which decides which tolerances apply.
        frames: how many frames were combined.
        notes: what a reader should know: a sleeve around the card, how much lens distortion was removed.
    """

    figures: Figures | None
    reason: str | None = None
    places: tuple[Place, ...] = ()
    quad: Quad | None = None
    px_per_mm: float = 0.0
    face: Face = "front"
    frames: int = 1
    notes: tuple[str, ...] = field(default=())

    @property
    def measurable(self) -> bool:
        """Whether there are figures."""
        return self.figures is not None

    def to_json(self) -> dict[str, object]:
        """The `centering` object of the commands and of the wire protocol."""
        report: dict[str, object] = {
            "measurable": self.measurable,
            "reason": self.reason,
            "face": self.face,
            "frames": self.frames,
            "notes": list(self.notes),
        }
        found = self.figures
        if found is None:
            return report
        return report | {
            "borders_mm": {side: found.borders_mm[side].to_json() for side in SIDES},
            "left_right": [round(share, 2) for share in found.left_right.ratio],
            "top_bottom": [round(share, 2) for share in found.top_bottom.ratio],
            "left_right_std": round(found.left_right.std, 3),
            "top_bottom_std": round(found.top_bottom.std, 3),
            "rotation_deg": round(found.rotation_deg.value, 4),
            "rotation_std_deg": round(found.rotation_deg.std, 4),
            "skew_deg": {"left_right": round(found.skew_deg[0], 4), "top_bottom": round(found.skew_deg[1], 4)},
            "straightness_mm": {side: round(found.straightness_mm[side], 4) for side in SIDES},
            "px_per_mm": round(self.px_per_mm, 3),
            "points": [place.to_json() for place in self.places],
            "grades": {company: chance.to_json() for company, chance in found.grades.items()},
        }
