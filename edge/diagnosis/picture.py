"""A photo to try the scanner on, made of a picture of a card."""

import cv2
import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, CORNER_RADIUS_MM, Image

_PX_PER_MM = 4
_CARD_PX = round(CARD_WIDTH_MM * _PX_PER_MM), round(CARD_HEIGHT_MM * _PX_PER_MM)
_ROOM_PX = 150
_TABLE = (75, 80, 70)


def card_on_table(card: Image) -> Image:
    """A photo, from straight above, of a card with rounded corners in the middle of a plain table.

    Args:
        card: uint8 [H, W, 3] BGR, upright and without its surroundings, of any size.

    Returns:
        uint8 [652, 552, 3] BGR.
    """
    photo = np.full((_CARD_PX[1] + 2 * _ROOM_PX, _CARD_PX[0] + 2 * _ROOM_PX, 3), _TABLE, np.uint8)
    place = photo[_ROOM_PX:-_ROOM_PX, _ROOM_PX:-_ROOM_PX]
    printed = np.asarray(cv2.resize(card, _CARD_PX, interpolation=cv2.INTER_CUBIC), np.uint8)
    radius = round(CORNER_RADIUS_MM * _PX_PER_MM)
    inside = np.zeros(place.shape[:2], np.uint8)
    inside[radius:-radius, radius:-radius] = 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    cv2.copyTo(printed, cv2.dilate(inside, disc), place)
    return photo
