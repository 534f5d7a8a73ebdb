"""A picture of a measurement: the card's outline, the 24 places with their widths, ratios and outliers."""

import cv2
import numpy as np

from edge.centering.edges.strips import Floats, card_to_image
from edge.centering.result import Centering, Figures, Place, Registration
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, SIDES, Image, Quad, Side, transform_points

# layout: room around the card, for the figures above it, and the scale.
MARGIN_MM = 9.0
HEADER_MM = 21.0
PX_PER_MM = 14.0

Color = tuple[int, int, int]

# layout: blue, green, red of what is drawn.
_GOOD: Color = (60, 220, 60)
_OUTLIER: Color = (40, 40, 240)
_EDGE: Color = (255, 200, 60)
_INK: Color = (245, 245, 245)
_RIM: Color = (20, 20, 20)
# geometry: from each side into the card, right and down.
_INWARD: dict[Side, tuple[int, int]] = {"left": (1, 0), "right": (-1, 0), "top": (0, 1), "bottom": (0, -1)}


def draw_centering(image: Image, centering: Centering) -> Image:
    """Draw a measurement on the straightened card.

    Args:
        image: uint8 [H, W, 3] BGR, the one that was measured.
        centering: its measurement.

    Returns:
        uint8 BGR: the card upright, with its figures above; without a known outline, a copy of the image with the
        reason on it.
    """
    if centering.quad is None:
        picture = image.copy()
        _write(picture, centering.reason or "", (10, 10), max(image.shape[:2]) / 1500, _OUTLIER)
        return picture
    to_picture = _card_to_picture() @ np.linalg.inv(card_to_image(centering.quad))
    size = (
        round((CARD_WIDTH_MM + 2 * MARGIN_MM) * PX_PER_MM),
        round((CARD_HEIGHT_MM + 2 * MARGIN_MM + HEADER_MM) * PX_PER_MM),
    )
    picture = np.asarray(cv2.warpPerspective(image, to_picture, size, flags=cv2.INTER_LINEAR), dtype=np.uint8)
    picture[: round(HEADER_MM * PX_PER_MM)] = 28
    if centering.figures is None:
        _write(picture, centering.reason or "", (20, 30), 0.8, _OUTLIER)
        if centering.registration is not None:
            _draw_outline(picture, centering.quad, to_picture)
            _write(picture, _registration_line(centering.registration), (20, 90), 0.7, _INK)
        return picture
    _draw_outline(picture, centering.quad, to_picture)
    for place in centering.places:
        _draw_place(picture, place, to_picture)
    _draw_header(picture, centering, centering.figures)
    return picture


def _card_to_picture() -> Floats:
    left, top = MARGIN_MM * PX_PER_MM, (MARGIN_MM + HEADER_MM) * PX_PER_MM
    return np.array([[PX_PER_MM, 0, left], [0, PX_PER_MM, top], [0, 0, 1.0]])


def _draw_outline(picture: Image, quad: Quad, to_picture: Floats) -> None:
    corners = transform_points(to_picture, quad)
    cv2.polylines(picture, [np.round(corners * 8).astype(np.int32)], True, _EDGE, 1, cv2.LINE_AA, 3)  # noqa: FBT003


def _draw_place(picture: Image, place: Place, to_picture: Floats) -> None:
    color = _OUTLIER if place.outlier else _GOOD
    outer = transform_points(to_picture, np.array([place.outer_px]))[0]
    inward = np.array(_INWARD[place.side])
    text = "-" if place.width_mm is None else f"{place.width_mm:.2f}"
    if place.inner_px is not None:
        inner = transform_points(to_picture, np.array([place.inner_px]))[0]
        ends = np.round(np.array([outer, inner]) * 8).astype(np.int32)
        cv2.line(picture, tuple(ends[0].tolist()), tuple(ends[1].tolist()), color, 2, cv2.LINE_AA, 3)
        across = 5 * inward[::-1]
        tick = np.round(np.array([inner - across, inner + across]) * 8).astype(np.int32)
        cv2.line(picture, tuple(tick[0].tolist()), tuple(tick[1].tolist()), color, 1, cv2.LINE_AA, 3)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1)
    middle = outer - inward * (np.array([width, height]) / 2 + 12)
    _write(picture, text, (int(middle[0] - width / 2), int(middle[1] - height / 2)), 0.55, color)


def _draw_header(picture: Image, centering: Centering, found: Figures) -> None:
    lines = [
        f"left/right {_ratio(found.left_right.ratio)} +-{2 * found.left_right.std:.1f}    "
        f"top/bottom {_ratio(found.top_bottom.ratio)} +-{2 * found.top_bottom.std:.1f}",
        "   ".join(
            f"{side} {found.borders_mm[side].value:.2f} +-{2 * found.borders_mm[side].std:.2f} mm" for side in SIDES
        ),
        f"print turned {found.rotation_deg.value:+.2f} +-{2 * found.rotation_deg.std:.2f} deg   "
        f"{sum(place.outlier for place in centering.places)} of {len(centering.places)} places left out   "
        f"{centering.frames} frame{'s' if centering.frames > 1 else ''}   "
        f"{centering.px_per_mm:.1f} px/mm",
        "   ".join(
            f"{company} {chance.title}: {100 * chance.probability:.0f} %" for company, chance in found.grades.items()
        ),
    ]
    if centering.registration is not None:
        lines.append(_registration_line(centering.registration))
    for row, line in enumerate(lines):
        _write(picture, line, (20, 18 + 54 * row), 0.85 if row == 0 else 0.7, _INK)


def _registration_line(found: Registration) -> str:
    right, down = found.shift_mm
    line = (
        f"by the reference picture: print {right.value:+.2f} +-{2 * right.std:.2f} mm right, {down.value:+.2f} "
        f"+-{2 * down.std:.2f} mm down"
    )
    if found.left_right is None or found.top_bottom is None:
        return f"{line}, turned {found.rotation_deg.value:+.2f} +-{2 * found.rotation_deg.std:.2f} deg"
    return f"{line}, {_ratio(found.left_right.ratio)} and {_ratio(found.top_bottom.ratio)}"


def _ratio(shares: tuple[float, float]) -> str:
    return f"{shares[0]:.1f}/{shares[1]:.1f}"


def _write(picture: Image, text: str, at: tuple[int, int], size: float, color: Color) -> None:
    """Text with a dark rim, `at` its upper left corner."""
    height = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][1]
    origin = at[0], at[1] + height
    # Not as one thicker text: newer OpenCV spaces the letters of that more widely.
    for x, y, ink in ((-1, -1, _RIM), (1, -1, _RIM), (-1, 1, _RIM), (1, 1, _RIM), (0, 0, color)):
        at_rim = origin[0] + x, origin[1] + y
        cv2.putText(picture, text, at_rim, cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
