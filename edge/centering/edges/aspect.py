"""Whether an outline can be that of a 63 x 88 mm card, seen from any direction."""

import numpy as np

from edge.centering.edges.strips import card_to_image
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Quad

# physics: focal lengths of the cameras that people use, in units of the image's longer side: 100 to 26 degrees across,
# from the widest lens of a phone to a longer one than the Pi's cameras have.
FOCAL_RANGE = (0.4, 2.2)
# numerics: neighbours differ by 7 %, which changes no ratio by a thousandth at 30 degrees of tilt.
_CLOSENESS = np.geomspace(*FOCAL_RANGE, 25) ** -2.0
# chosen: a focal length is plausible at which the card's sides would be square to this cosine, or to the squarest
# one's times the factor under the root.
SQUARE_COSINE, SQUAREST_FACTOR = 0.02, 1.5


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
    (a, b), (c, d), (e, f) = (centred[:, :2] / np.linalg.norm(centred)).tolist()
    closeness = _CLOSENESS / max(width, height) ** 2
    across, along = (a * a + c * c) * closeness + e * e, (b * b + d * d) * closeness + f * f
    # Squared cosine of the angle between the card's sides, were the camera of this focal length.
    skewed = ((a * b + c * d) * closeness + e * f) ** 2 / (across * along)
    plausible = skewed < max(SQUARE_COSINE, SQUAREST_FACTOR * float(skewed.min()) ** 0.5) ** 2
    ratios = np.sqrt((across / along)[plausible])
    return float(ratios.min()), float(ratios.max())
