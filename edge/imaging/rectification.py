"""From a card's outline in the frame to the upright, flat card."""

import cv2
import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Quad, card_homography

# geometry: a card that fills half the height of a frame of 1,520 pixels has 8.6.
RECTIFIED_PX_PER_MM = 8
RECTIFIED_WIDTH = int(CARD_WIDTH_MM * RECTIFIED_PX_PER_MM)
RECTIFIED_HEIGHT = int(CARD_HEIGHT_MM * RECTIFIED_PX_PER_MM)
# layout: a picture of some 50 kB in which print can be read.
_JPEG_QUALITY = 85


def rectify(image: Image, quad: Quad, width: int = RECTIFIED_WIDTH, height: int = RECTIFIED_HEIGHT) -> Image:
    """Warp a card to a `width` x `height` rectangle, its first quad side on top.

    Args:
        image: uint8 [H, W, 3] BGR frame.
        quad: card quad in frame pixels.
        width: of the result, in pixels.
        height: of the result, in pixels.

    Returns:
        uint8 [height, width, 3] BGR; what lies outside the frame repeats the frame's edge.

    Raises:
        MeasurementError: if the quad is degenerate.
    """
    matrix = card_homography(quad, width, height)
    warped = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)


def rectified_jpeg(image: Image, quad: Quad) -> bytes:
    """The rectified card, upright, as JPEG, to be looked at and learned from; arguments and errors as of `rectify`."""
    card = rectify(image, quad)
    return cv2.imencode(".jpg", card, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def upside_down(card: Image) -> Image:
    """The same rectified card turned by 180 degrees, as a contiguous copy."""
    return np.asarray(cv2.rotate(card, cv2.ROTATE_180), dtype=np.uint8)
