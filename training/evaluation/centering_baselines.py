"""Three ways in which centering is measured today, to compare with.

Each works on the card rectified through the rough outline at 10 px/mm, with 4 mm of ground around it.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Quad, Side, card_homography

PX_PER_MM = 10
MARGIN_MM = 4
INNER_THRESHOLD = 127
MAX_BORDER_SHARE = 0.2

Borders = Mapping[Side, float]
Box = tuple[float, float, float, float]


def threshold_box(image: Image, quad: Quad) -> Borders | None:
    """Bounding boxes of Otsu thresholds: of the card against the ground, then of the print within the card."""
    grey = _rectified(image, quad)
    outer = _largest_box(_otsu(grey, _border_is_dark(grey)))
    if outer is None:
        return None
    left, top, right, bottom = (round(value) for value in outer)
    card = grey[top:bottom, left:right]
    if min(card.shape) < 100:
        return None
    inner = _largest_box(_otsu(card, _border_is_dark(card)))
    return None if inner is None else _borders((0, 0, right - left, bottom - top), inner)


def canny_hough(image: Image, quad: Quad) -> Borders | None:
    """Canny edges and Hough lines: the two outermost lines along each side are the card's edge and the print's."""
    grey = cv2.GaussianBlur(_rectified(image, quad), (5, 5), 0)
    lines = cv2.HoughLinesP(cv2.Canny(grey, 50, 150), 1, np.pi / 180, 80, minLineLength=200, maxLineGap=20)
    if lines is None:
        return None
    segments = lines.reshape(-1, 4).astype(np.float64)
    height, width = grey.shape
    upright = np.abs(segments[:, 2] - segments[:, 0]) < np.abs(segments[:, 3] - segments[:, 1])
    x = (segments[upright, 0] + segments[upright, 2]) / 2
    y = (segments[~upright, 1] + segments[~upright, 3]) / 2
    gaps: dict[Side, float | None] = {
        "left": _first_gap(x),
        "right": _first_gap(width - 1 - x),
        "top": _first_gap(y),
        "bottom": _first_gap(height - 1 - y),
    }
    found = {side: gap for side, gap in gaps.items() if gap is not None}
    return found if len(found) == len(gaps) else None


def fixed_inner_threshold(image: Image, quad: Quad) -> Borders | None:
    """The card as the largest `minAreaRect`, straightened by it; the print where a fixed grey threshold says."""
    grey = _rectified(image, quad)
    mask = _otsu(grey, _border_is_dark(grey))
    contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    if not contours:
        return None
    rectangle = cv2.minAreaRect(max(contours, key=cv2.contourArea))
    (centre_x, centre_y), (a, b), angle = rectangle
    if abs(angle) > 45:
        angle -= 90 * np.sign(angle)
        a, b = b, a
    turned = cv2.warpAffine(grey, cv2.getRotationMatrix2D((centre_x, centre_y), angle, 1), grey.shape[::-1])
    card = np.asarray(cv2.getRectSubPix(turned, (round(a), round(b)), (centre_x, centre_y)), dtype=np.uint8)
    if min(card.shape) < 100:
        return None
    dark = _border_is_dark(card)
    inner = _largest_box(((card > INNER_THRESHOLD) == dark).astype(np.uint8) * 255)
    return None if inner is None else _borders((0, 0, card.shape[1], card.shape[0]), inner)


BASELINES: Mapping[str, Callable[[Image, Quad], Borders | None]] = {
    "bounding box of a threshold": threshold_box,
    "Canny + Hough": canny_hough,
    "minAreaRect, fixed inner threshold": fixed_inner_threshold,
}


def _rectified(image: Image, quad: Quad) -> NDArray[np.uint8]:
    margin = MARGIN_MM * PX_PER_MM
    width, height = round(CARD_WIDTH_MM * PX_PER_MM), round(CARD_HEIGHT_MM * PX_PER_MM)
    shift = np.array([[1.0, 0, margin], [0, 1, margin], [0, 0, 1]])
    matrix = shift @ card_homography(quad, width, height)
    size = width + 2 * margin, height + 2 * margin
    warped = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(warped, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _border_is_dark(grey: NDArray[np.uint8]) -> bool:
    """Whether the rim of a picture is darker than its middle."""
    rim = np.concatenate([grey[5:15].ravel(), grey[-15:-5].ravel(), grey[:, 5:15].ravel(), grey[:, -15:-5].ravel()])
    return bool(np.median(rim) < np.median(grey))


def _otsu(grey: NDArray[np.uint8], inside_is_bright: bool) -> NDArray[np.uint8]:  # noqa: FBT001
    kind = cv2.THRESH_BINARY if inside_is_bright else cv2.THRESH_BINARY_INV
    return np.asarray(cv2.threshold(grey, 0, 255, kind | cv2.THRESH_OTSU)[1], dtype=np.uint8)


def _largest_box(mask: NDArray[np.uint8]) -> Box | None:
    contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    if not contours:
        return None
    x, y, width, height = cv2.boundingRect(max(contours, key=cv2.contourArea))
    return float(x), float(y), float(x + width), float(y + height)


def _borders(outer: Box, inner: Box) -> Borders | None:
    widths: dict[Side, float] = {
        "left": (inner[0] - outer[0]) / PX_PER_MM,
        "right": (outer[2] - inner[2]) / PX_PER_MM,
        "top": (inner[1] - outer[1]) / PX_PER_MM,
        "bottom": (outer[3] - inner[3]) / PX_PER_MM,
    }
    usable = all(0 < width < MAX_BORDER_SHARE * CARD_WIDTH_MM for width in widths.values())
    return widths if usable else None


def _first_gap(distances_px: NDArray[np.float64]) -> float | None:
    """Distance in mm from the outermost line to the next one that is at least half a millimetre further in."""
    if len(distances_px) == 0:
        return None
    first = float(distances_px.min())
    further = distances_px[distances_px > first + 0.5 * PX_PER_MM]
    if len(further) == 0 or further.min() - first > MAX_BORDER_SHARE * CARD_WIDTH_MM * PX_PER_MM:
        return None
    return float(further.min() - first) / PX_PER_MM
