"""What a centering measurement says."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edge.geometry import SIDES, Quad, Side

Face = Literal["front", "back"]
Method = Literal["print edges", "registration"]
Pixel = tuple[float, float]
# geometry: printed borders of trading cards are 2.5 to 3.5 mm wide. What a shift comes to in their terms is how a card
# without one is compared.
EQUIVALENT_BORDER_MM, EQUIVALENT_BORDER_STD_MM = 3.0, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its standard uncertainty."""

    value: float
    std: float


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
        common_std_mm: the part of that by which the borders of all sides are too wide or too narrow together.
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
    common_std_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeChance:
    """The best grade that a company's centering tolerance allows.

    Attributes:
        best: that grade; None when the print is off by more than any grade of the table allows.
        probability: that the true centering is within that grade's tolerance, given the uncertainty; or outside that
            of `below`.
        verified: whether the tolerance was read from the company's own published standard.
        below: where there is no best, the last grade of the table.
    """

    best: str | None
    probability: float
    verified: bool
    below: str | None = None

    @property
    def title(self) -> str:
        """For a person: the grade, or the one that the card is below."""
        return self.best or f"below {self.below}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where the print lies on the card, by the card's reference picture; an answer that needs no printed border.

    Attributes:
        shift_mm: of the print's middle against the card's, to the right and down.
        shared_std_mm: the parts of the shift's uncertainties that are the same in every frame.
        rotation_deg: turn of the print against the cut, clockwise as seen.
        scale: size of the print over that on the reference, across and along the card.
        correlation: of the card with its reference where they agree, 0 to 1.
        agreeing: share of the card, 0 to 1, that agrees with the reference.
        borders_mm: width of the border at the middle of each side; None for a card without a printed border.
        left_right: how the width is shared; None without a printed border.
        top_bottom: how the height is shared; None without a printed border.
    """

    shift_mm: tuple[Estimate, Estimate]
    shared_std_mm: tuple[float, float]
    rotation_deg: Estimate
    scale: tuple[Estimate, Estimate]
    correlation: float
    agreeing: float
    borders_mm: Mapping[Side, Estimate] | None = None
    left_right: Balance | None = None
    top_bottom: Balance | None = None

    @property
    def equivalent(self) -> tuple[Balance, Balance] | None:
        """Left/right and top/bottom as if the card had a border of `EQUIVALENT_BORDER_MM`; None where it has one."""
        if self.borders_mm is not None:
            return None
        across, along = (_equivalent(shift) for shift in self.shift_mm)
        return across, along


def _equivalent(shift_mm: Estimate) -> Balance:
    """What a shift makes of two equal borders whose width is not known."""
    width, spread = EQUIVALENT_BORDER_MM, EQUIVALENT_BORDER_STD_MM
    share = 100 * shift_mm.value / (2 * width)
    std = math.hypot(100 * shift_mm.std / (2 * width), share * spread / width)
    return Balance(first=min(max(100 / 2 + share, 0.0), 100.0), std=std)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """The answer of the print's edges minus that of the registration.

    Attributes:
        borders_mm: on each side.
        left_right: points of the left share.
        top_bottom: points of the top share.
        stds: the larger of the two shares' differences, in standard uncertainties of the difference.
    """

    borders_mm: Mapping[Side, float]
    left_right: float
    top_bottom: float
    stds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Centering:
    """The centering of one card: figures, or the reason why there are none.

    Attributes:
        figures: None when the card cannot be measured.
        reason: in words, when it cannot be measured.
        method: where the figures come from.
        registration: the answer by the reference picture; also without figures, for a card without a printed border.
        registration_reason: in words, why there is none; None also where the card's outline was not found.
        designed_mm: widths of the border on the card's reference picture; None without one, or without a border.
        places: the 24 places; empty when it cannot be measured.
        quad: the card's sharp corners [4, 2] to sub-pixels, in image pixels; None when they were not found.
        px_per_mm: scale of the card in the image.
        face: side of the card, which decides which tolerances apply.
        frames: how many frames were combined.
        notes: what a reader should know: a sleeve around the card, how much lens distortion was removed.
    """

    figures: Figures | None
    reason: str | None = None
    method: Method = "print edges"
    registration: Registration | None = None
    registration_reason: str | None = None
    designed_mm: Mapping[Side, float] | None = None
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

    @property
    def disagreement(self) -> Disagreement | None:
        """How far the two answers lie apart; None where there are not two."""
        found, other = self.figures, self.registration
        if found is None or other is None or self.method == "registration" or other.borders_mm is None:
            return None
        if other.left_right is None or other.top_bottom is None:
            return None
        left_right = found.left_right.first - other.left_right.first
        top_bottom = found.top_bottom.first - other.top_bottom.first
        return Disagreement(
            borders_mm={side: found.borders_mm[side].value - other.borders_mm[side].value for side in SIDES},
            left_right=left_right,
            top_bottom=top_bottom,
            stds=max(
                abs(left_right) / math.hypot(found.left_right.std, other.left_right.std),
                abs(top_bottom) / math.hypot(found.top_bottom.std, other.top_bottom.std),
            ),
        )
