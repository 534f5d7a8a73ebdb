"""A layout that is asymmetric by design: its unequal borders are no shift of the print.

Frames of trainers, items and supporters have a wider border at one end. A card's reference picture tells by how much;
without one, opposite borders that differ by more than a print is ever shifted say that the layout may be asymmetric.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from edge.centering.edges.border import LOPSIDED_MM, PAIRS
from edge.centering.result import Balance, Registration
from edge.geometry import Side

# chosen: reference pictures are cropped by up to so much on one side; an asymmetry of theirs that is less may be no
# more than that. And the standard uncertainty of a larger one.
MAX_CROP_MM, CROP_STD_MM = 0.15, 0.05


def is_lopsided(first_mm: float, second_mm: float) -> bool:
    """Whether two opposite borders differ by more than a print is shifted."""
    return abs(first_mm - second_mm) > LOPSIDED_MM


def by_layout(found: Balance, widths_mm: tuple[float, float], designed_mm: tuple[float, float] | None) -> Balance:
    """How a print is centred, of how two opposite borders share their sum.

    Args:
        found: how they share it.
        widths_mm: of both.
        designed_mm: of both on the card's reference picture; None without one.

    Returns:
        With a reference, what the print's shift makes of equal borders. Without one, what was found, with an
        uncertainty that holds a centred print where the borders differ by more than a print is shifted.
    """
    total = sum(widths_mm)
    if designed_mm is None:
        doubt = found.first - 100 / 2 if is_lopsided(*widths_mm) else 0.0
        return replace(found, std=math.hypot(found.std, doubt))
    lean = 100.0 * (designed_mm[0] - designed_mm[1]) / 2 / total
    if abs(designed_mm[0] - designed_mm[1]) <= 2 * MAX_CROP_MM:
        return replace(found, std=math.hypot(found.std, lean))
    return Balance(first=found.first - lean, std=math.hypot(found.std, 100.0 * CROP_STD_MM / total))


def unshifted(borders_mm: Mapping[Side, float], registration: Registration) -> dict[Side, float]:
    """The borders of a design whose picture has no clear ones: those measured, without the shift of the print."""
    right, down = (shift.value for shift in registration.shift_mm)
    by_mm: dict[Side, float] = {"left": -right, "right": right, "top": -down, "bottom": down}
    return {side: width + by_mm[side] for side, width in borders_mm.items()}


def layout_notes(borders_mm: Mapping[Side, float], designed_mm: Mapping[Side, float] | None) -> tuple[str, ...]:
    """What a reader should know of a card's layout."""
    notes = []
    for first, second in PAIRS:
        if designed_mm is None and is_lopsided(borders_mm[first], borders_mm[second]):
            notes.append(
                f"the layout may be asymmetric: the {first} and {second} borders differ by "
                f"{abs(borders_mm[first] - borders_mm[second]):.1f} mm, more than a print is shifted; "
                "there is no grade without a reference picture of the card"
            )
        elif designed_mm is not None and abs(designed_mm[first] - designed_mm[second]) > 2 * MAX_CROP_MM:
            notes.append(
                f"the layout is asymmetric: by the reference picture the {first} border is "
                f"{designed_mm[first]:.1f} mm wide, the {second} one {designed_mm[second]:.1f} mm; the share is that "
                "of the print's shift"
            )
    return tuple(notes)
