"""Says where the four sides of a card lie, from a view of it that is a few per cent off, with a small network.

The view shows the card upright with room around it. For each column of cells the network gives a distribution over rows
of where the top and the bottom side pass, and for each row one over columns for the left and the right side. A line is
fitted to each side. Unlike a search for edges it tells the card's edge from a sleeve's, the print's or a neighbour's by
all that it sees, and says where a side runs that something covers.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection.networks.outline import crossings
from edge.geometry import CARD_ASPECT, Image, Quad, is_convex, side_lengths, transform_points
from edge.inference.networks import Signature, open_network

# layout: of the network, as it was trained (`card-training detector`): the view, its cells, the card in it.
VIEW_WIDTH_PX, VIEW_HEIGHT_PX = 128, 160
CELL_PX = 4
COLUMNS, ROWS = VIEW_WIDTH_PX // CELL_PX, VIEW_HEIGHT_PX // CELL_PX
CARD_WIDTH_PX = 82.0
_CARD_PX = (CARD_WIDTH_PX, CARD_WIDTH_PX / CARD_ASPECT)
SIDES = 4
INPUT_NAME = "views"
OUTPUT_NAME = "sides"
_SIGNATURE = Signature(
    inputs={INPUT_NAME: (None, 3, VIEW_HEIGHT_PX, VIEW_WIDTH_PX)},
    outputs={OUTPUT_NAME: (None, SIDES, ROWS, COLUMNS)},
)
# chosen: most looks at one card.
MAX_PASSES = 5
# chosen: an answer that moves a corner by less than this share of the card's width stays.
SETTLED = 0.01
# geometry: a side is read between the corners, this far from them in view pixels: 2.3 of the 3 mm of their radius.
_CORNER_PX = 3.0
# geometry: in square cells: that of a distribution over the two cells nearest to a position that is not in doubt.
_OWN_VARIANCE = 0.25
# physics: image pixels to a view pixel, from which fine texture would be undersampled (Shannon, 1949).
_REDUCE_ABOVE = 1.5


class SideFinder:
    """Owns the network's session."""

    def __init__(self, model: Path) -> None:
        """Open the model.

        Raises:
            ModelError: if it is missing, damaged or another model.
        """
        self._session = open_network(model, _SIGNATURE)

    def find(self, image: Image, quads: Sequence[Quad]) -> list[Quad | None]:
        """Place the sides of cards; each is looked at again, in the view made from its answer, until that stays.

        Args:
            image: uint8 [H, W, 3] BGR.
            quads: about where cards lie, each side within about a quarter of the card's width.

        Returns:
            A quad in pixels of the image for each one given, in the order of its corners; None where the sides make no
            card.
        """
        found: list[Quad | None] = [None] * len(quads)
        looked_at = dict(enumerate(quads))
        for _ in range(MAX_PASSES):
            if not looked_at:
                break
            views = [card_view(image, quad) for quad in looked_at.values()]
            pixels = np.stack([view[..., ::-1].transpose(2, 0, 1) for view, _ in views]).astype(np.float32)
            (logits,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: pixels})
            unsettled: dict[int, Quad] = {}
            for (k, quad), said, (_, to_image) in zip(looked_at.items(), logits, views, strict=True):
                placed = found[k] = decode_sides(said, to_image)
                if placed is not None and np.abs(placed - quad).max() > SETTLED * side_lengths(quad).min():
                    unsettled[k] = placed
            looked_at = unsettled
        return found


def card_view(image: Image, quad: Quad) -> tuple[Image, NDArray[np.float64]]:
    """The card that a quad shows, upright, with room around it.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: [4, 2] in its pixels.

    Returns:
        uint8 [VIEW_HEIGHT_PX, VIEW_WIDTH_PX, 3], black outside the image; and the homography [3, 3] from its pixels to
        the image's.
    """
    to_image = np.asarray(
        cv2.getPerspectiveTransform(card_in_view().astype(np.float32), quad.astype(np.float32)), np.float64
    )
    part, to_part = _reduced(image, to_image, float(side_lengths(quad).mean()) / float(np.mean(_CARD_PX)))
    view = cv2.warpPerspective(
        part, to_part @ to_image, (VIEW_WIDTH_PX, VIEW_HEIGHT_PX), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(view, np.uint8), to_image


def card_in_view() -> Quad:
    """Where the sides of the quad that a view is made from lie in it."""
    size = np.array(_CARD_PX)
    first = (np.array([VIEW_WIDTH_PX, VIEW_HEIGHT_PX]) - 1 - size) / 2
    quad: Quad = first + size * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    return quad


def decode_sides(logits: NDArray[np.float32], to_image: NDArray[np.float64]) -> Quad | None:
    """The sides that the network sees in a view.

    Args:
        logits: float32 [SIDES, ROWS, COLUMNS], of each cell: how likely the side passes it.
        to_image: homography [3, 3] from the view's pixels.

    Returns:
        [4, 2] in pixels of the image, in the order of the corners that the view was made from; None where they make no
        card.
    """
    first, last = card_in_view()[[0, 2]]
    lines = np.empty((SIDES, 3))
    for side in range(SIDES):
        along, across = (0, 1) if side % 2 == 0 else (1, 0)
        mean, variance = _moments(logits[side] if along == 0 else logits[side].T)
        places = CELL_PX * np.arange(len(mean)) + (CELL_PX - 1) / 2
        read = (places >= first[along] + _CORNER_PX) & (places <= last[along] - _CORNER_PX)
        slope, offset = _fitted_line(places[read], mean[read], variance[read])
        lines[side, along], lines[side, across], lines[side, 2] = slope, -1, offset
    lines *= np.array([1, -1, -1, 1])[:, None]
    quad = crossings(lines)
    if quad is None:
        return None
    quad = transform_points(to_image, quad)
    return quad if is_convex(quad) else None


def _moments(logits: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance, in view pixels, of the distributions over the first axis."""
    cells = np.arange(len(logits), dtype=np.float64)[:, None]
    share = np.exp(logits - logits.max(axis=0), dtype=np.float64)
    share /= share.sum(axis=0)
    mean = (share * cells).sum(axis=0)
    variance = (share * (cells - mean) ** 2).sum(axis=0)
    return CELL_PX * mean + (CELL_PX - 1) / 2, CELL_PX**2 * variance


def _fitted_line(x: NDArray[np.float64], y: NDArray[np.float64], variance: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset by least squares, weighted by the variances: what lies off the line is in doubt, too."""
    weight = 1 / np.sqrt(variance + CELL_PX**2 * _OWN_VARIANCE)
    columns = np.stack([x, np.ones_like(x)], axis=1)
    (slope, offset), *_ = np.linalg.lstsq(columns * weight[:, None], y * weight, rcond=None)
    return float(slope), float(offset)


def _reduced(image: Image, to_image: NDArray[np.float64], factor: float) -> tuple[Image, NDArray[np.float64]]:
    """The part of an image that a view shows, about `factor` times smaller so that fine texture is averaged.

    Args:
        image: uint8 [H, W, 3].
        to_image: homography [3, 3] from the view's pixels to the image's.
        factor: image pixels to a view pixel.

    Returns:
        The part, and the matrix [3, 3] from the image's pixels to its.
    """
    if factor <= _REDUCE_ABOVE:
        return image, np.eye(3)
    seen = transform_points(to_image, np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [VIEW_WIDTH_PX, VIEW_HEIGHT_PX])
    last = np.array(image.shape[1::-1])
    low = np.clip(np.floor(seen.min(axis=0)).astype(int) - 2, 0, last - 1)
    high = np.clip(np.ceil(seen.max(axis=0)).astype(int) + 3, low + 1, last)
    width, height = (max(1, round(side / factor)) for side in high - low)
    part = cv2.resize(image[low[1] : high[1], low[0] : high[0]], (width, height), interpolation=cv2.INTER_AREA)
    scale = np.array([width, height]) / (high - low)
    to_part = np.diag([*scale, 1.0])
    to_part[:2, 2] = (0.5 - low) * scale - 0.5
    return np.asarray(part, np.uint8), to_part
