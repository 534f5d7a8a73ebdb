"""Whether the corners of an outline are rounded as a card's: 3 mm on 63 x 88 mm.

The sheet of paper, the sleeve, the art window and the group of cards that have a card's aspect have sharp corners at
that scale.
"""

import numpy as np
from numpy.typing import NDArray

from edge.detection.shape import unit_square_homographies
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image

WEDGE_MM = ((0.25, 0.25), (0.5, 0.5), (0.2, 0.8), (0.8, 0.2))
OUTSIDE_MM = ((-1.2, -0.2), (-0.2, -1.2), (-1.0, -1.0), (-1.3, 1.0), (1.0, -1.3))
INSIDE_MM = ((1.9, 1.9), (2.4, 2.4), (1.6, 3.2), (3.2, 1.6))
MIN_CONTRAST_LEVELS = 6.0


def corner_roundness(image: Image, quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """How round each corner looks.

    Between the sharp corner and a 3 mm arc lies a wedge that shows the surroundings where the corner is rounded and
    the card where it is not.

    Args:
        image: uint8 [H, W, 3] BGR.
        quads: card quads [N, 4, 2] in pixels.

    Returns:
        [N, 4], 1 where the wedge has the colour of the outside, 0 where it has that of the inside, clipped to
        [-0.5, 1.5]; NaN where inside and outside cannot be told apart.
    """
    colours = _colours(image, quads, WEDGE_MM + OUTSIDE_MM + INSIDE_MM)
    first_inside = len(WEDGE_MM) + len(OUTSIDE_MM)
    wedge, outside = colours[:, :, : len(WEDGE_MM)], colours[:, :, len(WEDGE_MM) : first_inside]
    inside = colours[:, :, first_inside:]
    middle_out, middle_in = np.median(outside, axis=2), np.median(inside, axis=2)
    change = middle_out - middle_in
    contrast = np.einsum("nkc,nkc->nk", change, change)
    share = np.einsum("nkpc,nkc->nkp", wedge - middle_in[:, :, None], change) / np.maximum(contrast, 1e-6)[..., None]
    roundness = np.clip(np.median(share, axis=2), -0.5, 1.5)
    return np.where(contrast >= MIN_CONTRAST_LEVELS**2, roundness, np.nan)


def _colours(
    image: Image, quads: NDArray[np.float64], points_mm: tuple[tuple[float, float], ...]
) -> NDArray[np.float32]:
    """Colours [N, 4, P, 3] at points given from each corner, along both sides towards the inside."""
    local = np.asarray(points_mm) / (CARD_WIDTH_MM, CARD_HEIGHT_MM)
    flips = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])[:, None]
    on_card = np.where(flips == 1, 1 - local, local).reshape(-1, 2)
    homogeneous = np.column_stack([on_card, np.ones(len(on_card))])
    points = np.einsum("nij,pj->npi", unit_square_homographies(quads), homogeneous)
    points = points[..., :2] / points[..., 2:]
    column = np.clip(np.rint(points[..., 0]), 0, image.shape[1] - 1).astype(np.intp)
    row = np.clip(np.rint(points[..., 1]), 0, image.shape[0] - 1).astype(np.intp)
    return np.asarray(image[row, column], dtype=np.float32).reshape(len(quads), 4, len(local), 3)
