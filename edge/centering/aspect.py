"""Whether an outline can be that of a 63 x 88 mm card, seen from any direction."""

import numpy as np

from edge.centering.strips import Floats, card_to_image
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Quad

# Focal lengths of the cameras that people use, in units of the image's longer side (about 27 to 100 degrees across).
FOCAL_RANGE = (0.4, 2.2)


def aspect_doubts(quad: Quad, width: int, height: int, tolerance: float) -> str | None:
    """Why an outline is not a card's; None when it can be one.

    Args:
        quad: sharp corners [4, 2] in pixels.
        width: of the image the camera took.
        height: of that image.
        tolerance: by how much the ratio may be off, relative to a card's.
    """
    low, high = possible_aspects(quad, width, height)
    if low <= 1 + tolerance and high >= 1 - tolerance:
        return None
    nearest = low if low > 1 else high
    return (
        f"not a 63 x 88 mm card: width to height is {nearest * CARD_WIDTH_MM / CARD_HEIGHT_MM:.3f}, "
        f"a card has {CARD_WIDTH_MM / CARD_HEIGHT_MM:.3f}"
    )


def possible_aspects(quad: Quad, width: int, height: int) -> tuple[float, float]:
    """Smallest and largest true width-to-height ratio, relative to a card's, over all plausible focal lengths.

    From the image of the absolute conic: with square pixels and the principal point at the middle of the image, the
    columns h1, h2 of the plane's homography have lengths |K^-1 h1| and |K^-1 h2| proportional to width and height
    (Z. Zhang and L.-W. He, "Whiteboard scanning and image enhancement", 2007).
    """
    centred = card_to_image(quad - np.array([(width - 1) / 2, (height - 1) / 2]))
    centred = centred / np.linalg.norm(centred)
    focal = np.geomspace(*FOCAL_RANGE, 25) * max(width, height)
    square = _skewness(centred, focal)
    plausible = square < max(0.02, 1.5 * float(square.min()))
    ratios = _length(centred[:, 0], focal) / _length(centred[:, 1], focal)
    return float(ratios[plausible].min()), float(ratios[plausible].max())


def _length(column: Floats, focal: Floats) -> Floats:
    return np.asarray(np.sqrt((column[0] ** 2 + column[1] ** 2) / focal**2 + column[2] ** 2), dtype=np.float64)


def _skewness(card: Floats, focal: Floats) -> Floats:
    """Cosine of the angle between the card's sides, were the camera of this focal length."""
    first, second = card[:, 0], card[:, 1]
    product = (first[0] * second[0] + first[1] * second[1]) / focal**2 + first[2] * second[2]
    return np.asarray(np.abs(product) / (_length(first, focal) * _length(second, focal)), dtype=np.float64)
