"""Whether the colour changes the same way across all sides of an outline.

Around a card it usually does: the card's edge has one colour, and so has the table. It does not around a card and the
gap to its neighbour, because the neighbour's edge is crossed the other way.
"""

import numpy as np
from numpy.typing import NDArray

from edge.detection.shape import unit_square_homographies
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image

POSITIONS = np.linspace(0.1, 0.9, 8)
OFFSET_MM = 1.2
MAX_DOUBT = 0.4


def polarity(change: NDArray[np.floating]) -> NDArray[np.float64]:
    """Smallest cosine between a side's change of colour and that of the other sides together, [N], -1 to 1.

    Args:
        change: [N, 4, 3] colour outside less colour inside, in levels; below one level it counts as no change.
    """
    others = change.sum(axis=1, keepdims=True) - change
    size = np.linalg.norm(change, axis=2) * np.linalg.norm(others, axis=2)
    return np.asarray((np.sum(change * others, axis=2) / np.maximum(size, 1.0)).min(axis=1), dtype=np.float64)


def agreement(polarities: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factor that polarities lessen a confidence by, 1 - `MAX_DOUBT` to 1."""
    return 1 - MAX_DOUBT * (1 - polarities) / 2


def quad_polarity(image: Image, quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """`polarity` [N] of card quads [N, 4, 2] in an image, uint8 [H, W, 3]."""
    points = np.einsum("nij,pj->npi", unit_square_homographies(quads), _points())
    points = points[..., :2] / points[..., 2:]
    column = np.clip(np.rint(points[..., 0]), 0, image.shape[1] - 1).astype(np.intp)
    row = np.clip(np.rint(points[..., 1]), 0, image.shape[0] - 1).astype(np.intp)
    colours = image[row, column].reshape(len(quads), 2, 4, len(POSITIONS), 3).astype(np.float32)
    return polarity(np.median(colours[:, 0] - colours[:, 1], axis=2))


def _points() -> NDArray[np.float64]:
    """Homogeneous points [P, 3] on the unit square: outside, then inside, of its sides."""
    across = np.array([-OFFSET_MM, OFFSET_MM])[:, None]
    along = np.broadcast_to(POSITIONS, (2, len(POSITIONS)))
    x, y = np.broadcast_arrays(across / CARD_WIDTH_MM, along)
    u, v = np.broadcast_arrays(along, across / CARD_HEIGHT_MM)
    sides = np.stack(
        [np.stack([u, v], -1), np.stack([1 - x, y], -1), np.stack([u, 1 - v], -1), np.stack([x, y], -1)], 1
    )
    return np.concatenate([sides.reshape(-1, 2), np.ones((sides.size // 2, 1))], axis=1)
