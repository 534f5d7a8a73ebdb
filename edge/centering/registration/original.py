"""Digital originals: the reference picture of a card, and the border that it has there."""

from math import ceil

import cv2
import numpy as np

from edge.centering.edges.border import check_border, trace_sides
from edge.centering.edges.print_edge import STRIP_MM, BorderSide
from edge.centering.edges.strips import PROFILE_SPACING_MM, Strip, card_to_image, sample_strip
from edge.errors import MeasurementError
from edge.geometry import SIDES, Image, Side
from edge.imaging.print_reference import Borders, PrintReference, encode_reference
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_PX_PER_MM, RECTIFIED_WIDTH

# chosen: an original of whose printed border more is in doubt has none that other pictures could be held against.
_MAX_DOUBT_MM = 0.05
# geometry: wider than the strips reach beyond the card.
_MARGIN_MM = 3
# chosen: twice as fine as rectified cards, and blurred by a little over a pixel as sharp photographs are.
_FINER = 2
_PX_PER_MM = float(RECTIFIED_PX_PER_MM * _FINER)
_BLUR_PX = 1.2
# geometry: as much of a card as a strip of a side needs, with room for the blur.
_DEPTH = ceil((STRIP_MM[1] + 1) * RECTIFIED_PX_PER_MM)
_BANDS: dict[Side, tuple[int, int, int, int]] = {
    "left": (0, 0, _DEPTH, RECTIFIED_HEIGHT),
    "right": (RECTIFIED_WIDTH - _DEPTH, 0, RECTIFIED_WIDTH, RECTIFIED_HEIGHT),
    "top": (0, 0, RECTIFIED_WIDTH, _DEPTH),
    "bottom": (0, RECTIFIED_HEIGHT - _DEPTH, RECTIFIED_WIDTH, RECTIFIED_HEIGHT),
}
# geometry: of black, white and magenta, one is far from any colour.
_GROUNDS = ((0, 0, 0), (255, 255, 255), (255, 0, 255))


def print_reference(card: Image, name: str) -> PrintReference:
    """What a database keeps of one card for reading centering.

    Args:
        card: rectified digital original, uint8 [704, 504, 3] BGR.
        name: of the picture, for messages.
    """
    return PrintReference(encoded=encode_reference(card), borders_mm=original_borders_mm(card), name=name)


def original_borders_mm(card: Image) -> Borders | None:
    """Width of the printed border on each side of a digital original; None where there is no clear one.

    The original is laid on a ground unlike its rim, twice as fine and slightly blurred as a photograph is, and measured
    like any other card.
    """
    rim = np.concatenate([card[:, :4].reshape(-1, 3), card[:, -4:].reshape(-1, 3), card[:4].reshape(-1, 3)])
    typical = np.median(rim, axis=0)
    ground = max(_GROUNDS, key=lambda color: float(np.linalg.norm(typical - color)))
    strips = [_strip(card, side, ground) for side in SIDES]
    try:
        sides = trace_sides(strips)
        check_border(sides)
    except MeasurementError:
        return None
    if any(found.rough or _doubt_mm(found) > _MAX_DOUBT_MM for found in sides.values()):
        return None
    return {side: round(_width_mm(found), 4) for side, found in sides.items()}


def _strip(card: Image, side: Side, ground: tuple[int, int, int]) -> Strip:
    """One side of a card, laid on a ground; what lies further inside is left out, which is most of the work."""
    left, top, right, bottom = _BANDS[side]
    large = cv2.resize(card[top:bottom, left:right], None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_LINEAR)
    outside = (top == 0, bottom == RECTIFIED_HEIGHT, left == 0, right == RECTIFIED_WIDTH)
    above, below, before, behind = (_MARGIN_MM * RECTIFIED_PX_PER_MM * _FINER if each else 0 for each in outside)
    laid = cv2.copyMakeBorder(large, above, below, before, behind, cv2.BORDER_CONSTANT, value=ground)
    picture = np.asarray(cv2.GaussianBlur(laid, (0, 0), _BLUR_PX), dtype=np.uint8)
    outline = np.array([[0.0, 0], [RECTIFIED_WIDTH, 0], [RECTIFIED_WIDTH, RECTIFIED_HEIGHT], [0, RECTIFIED_HEIGHT]])
    quad = _FINER * (outline - (left, top)) + (before, above) - 0.5
    return sample_strip(picture, card_to_image(quad), side, STRIP_MM, _PX_PER_MM, PROFILE_SPACING_MM)


def _doubt_mm(found: BorderSide) -> float:
    return 0.0 if found.inner is None else found.inner.doubt_mm


def _width_mm(found: BorderSide) -> float:
    return 0.0 if found.inner is None else found.inner.curve[0] - found.outer.curve[0]
