"""Strips of the image along each side of a card, straightened: what edges are measured on to a fraction of a pixel.

Card coordinates are millimetres from the card's top-left corner, x to the right and y down. Within a strip, `t` runs
along the side (downwards or to the right) and `s` across it, from the outline inwards; both in millimetres.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Quad, Side, transform_points

Floats = NDArray[np.float64]
Profiles = NDArray[np.float32]

LENGTH_MM: dict[Side, float] = {
    "left": CARD_HEIGHT_MM,
    "right": CARD_HEIGHT_MM,
    "top": CARD_WIDTH_MM,
    "bottom": CARD_WIDTH_MM,
}
# geometry: a corner's rounding of 3 to 5 mm, and a border of up to 3 mm more, are no part of a straight side.
CLEAR_OF_CORNERS_MM = 8.0

# chosen: the distance between profiles.
PROFILE_SPACING_MM = 0.75

# geometry: each side's own left is the card's left, right, top or bottom edge.
_TO_CARD: dict[Side, Floats] = {
    "left": np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "right": np.array([[-1.0, 0, CARD_WIDTH_MM], [0, 1, 0], [0, 0, 1]]),
    "top": np.array([[0, 1.0, 0], [1, 0, 0], [0, 0, 1]]),
    "bottom": np.array([[0, 1.0, 0], [-1, 0, CARD_HEIGHT_MM], [0, 0, 1]]),
}
_OUTLINE_MM = np.array([[0, 0], [CARD_WIDTH_MM, 0], [CARD_WIDTH_MM, CARD_HEIGHT_MM], [0, CARD_HEIGHT_MM]], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strip:
    """One side of a card, straightened.

    Attributes:
        side: which one.
        profiles: float32 [N, M, 3] BGR grey levels; row i is the mean of all pixels around `along_mm[i]`.
        along_mm: t [N] of each profile.
        first_mm: s of the first column.
        step_mm: s between columns.
        to_image: homography [3, 3] from (s, t) to image pixels.
    """

    side: Side
    profiles: Profiles
    along_mm: Floats
    first_mm: float
    step_mm: float
    to_image: Floats

    @property
    def middle_mm(self) -> float:
        """T of the middle of the side."""
        return LENGTH_MM[self.side] / 2

    def image_points(self, across_mm: Floats, along_mm: Floats) -> Floats:
        """Pixels [N, 2] of strip coordinates [N], [N]."""
        return transform_points(self.to_image, np.column_stack([across_mm, along_mm]))


def card_to_image(quad: Quad) -> Floats:
    """Homography [3, 3] from card millimetres to image pixels, given the card's sharp corners."""
    return np.asarray(cv2.getPerspectiveTransform(_OUTLINE_MM, quad.astype(np.float32)), dtype=np.float64)


def side_to_card(side: Side) -> Floats:
    """Affine map [3, 3] from strip coordinates (s, t) to card millimetres (x, y)."""
    return _TO_CARD[side]


def sample_strip(
    image: Image, card: Floats, side: Side, across_mm: tuple[float, float], px_per_mm: float, spacing_mm: float
) -> Strip:
    """Straighten one side; every sample is the mean along the side over `spacing_mm`.

    Args:
        image: uint8 [H, W, 3] BGR.
        card: homography of `card_to_image`.
        side: which side.
        across_mm: range of s.
        px_per_mm: of the samples across the side; along it, half as many are averaged.
        spacing_mm: between profiles.
    """
    length = LENGTH_MM[side] - 2 * CLEAR_OF_CORNERS_MM
    count = round(length / spacing_mm)
    rows = count * max(4, round(length / count * px_per_mm / 2))
    columns = round((across_mm[1] - across_mm[0]) * px_per_mm)
    step_s, step_t = (across_mm[1] - across_mm[0]) / columns, length / rows
    placed = np.array(
        [
            [step_s, 0, across_mm[0] + step_s / 2],
            [0, step_t, CLEAR_OF_CORNERS_MM + step_t / 2],
            [0, 0, 1],
        ]
    )
    to_image = card @ side_to_card(side)
    warped = cv2.warpPerspective(
        image,
        to_image @ placed,
        (columns, rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    # Means in whole grey levels, for which the limits of the edges' contrast and scatter were set.
    sums = warped.reshape(count, -1, columns * 3).sum(axis=1, dtype=np.float32)
    averaged = np.rint(sums * np.float32(count / rows))
    return Strip(
        side=side,
        profiles=averaged.reshape(count, columns, 3),
        along_mm=CLEAR_OF_CORNERS_MM + (np.arange(count) + 0.5) * length / count,
        first_mm=across_mm[0] + step_s / 2,
        step_mm=step_s,
        to_image=to_image,
    )
