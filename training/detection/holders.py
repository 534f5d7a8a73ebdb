"""What cards are kept in, drawn round the cards of a picture: tight sleeves, toploaders, slabs, stands.

A network that never saw one takes a holder's outline for the card's, where its edge is the stronger.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection.shape import unit_square_homographies
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Quad, transform_points
from training.detection.faces import SEEN_WHOLE, card_mask, vivid_colour

# The share of training pictures with cards in holders.
HELD = 0.2
_CARD_MM = np.array([CARD_WIDTH_MM, CARD_HEIGHT_MM])
_SHIFT = 4
_MIN_WIDTH_PX = 25.0
_EDGED = 0.8
_VIVID = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of holder.

    Attributes:
        margins_mm: least and most beyond the card at its left, top, right and bottom side.
        opacity: least and most, of the colour that is laid around the card.
        label: whether a label lies beyond the card's top.
    """

    margins_mm: tuple[tuple[float, float], ...]
    opacity: tuple[float, float]
    label: bool = False


# Sleeves of 66 x 91 mm and tighter, toploaders of 76 x 102 mm, slabs of about 80 x 135 mm, frames and acrylic stands.
KINDS = (
    Kind(margins_mm=((0.8, 3.0), (0.8, 4.0), (0.8, 3.0), (0.8, 4.0)), opacity=(0.5, 1.0)),
    Kind(margins_mm=((4.0, 8.0), (4.0, 14.0), (4.0, 8.0), (3.0, 7.0)), opacity=(0.1, 0.6)),
    Kind(margins_mm=((6.0, 11.0), (26.0, 36.0), (6.0, 11.0), (7.0, 14.0)), opacity=(0.1, 0.9), label=True),
    Kind(margins_mm=((6.0, 18.0), (6.0, 18.0), (6.0, 18.0), (6.0, 25.0)), opacity=(0.1, 1.0)),
)


def with_holders(
    picture: Image, quads: NDArray[np.float32], visible: NDArray[np.float32], rng: np.random.Generator
) -> Image:
    """A copy of a picture in which the cards that nothing covers lie in holders of one kind.

    Args:
        picture: uint8 [H, W, 3] BGR.
        quads: float32 [K, 4, 2], pixels, clockwise from any corner of a short side; NaN where there is none.
        visible: float32 [K], the share of each card that is seen.
        rng: which, and how they look.
    """
    cards = [quad.astype(np.float64) for quad in quads[np.isfinite(quads).all(axis=(1, 2))]]
    whole = quads[np.isfinite(quads).all(axis=(1, 2)) & (visible >= SEEN_WHOLE)].astype(np.float64)
    uncovered = 1 - np.max([card_mask(picture.shape[:2], quad) for quad in cards], axis=0, initial=0)
    kind = KINDS[rng.integers(len(KINDS))]
    held, look = picture.astype(np.float32), rng.integers(2**31)
    for quad in whole:
        if np.linalg.norm(quad[1] - quad[0]) >= _MIN_WIDTH_PX:
            turned = np.roll(quad, 2 * int(rng.integers(2)), axis=0)
            _draw(held, turned, uncovered, kind, np.random.default_rng(look))
    return np.clip(np.round(held), 0, 255).astype(np.uint8)


def _draw(
    picture: NDArray[np.float32], quad: Quad, uncovered: NDArray[np.float32], kind: Kind, rng: np.random.Generator
) -> None:
    """Lay one holder round a card: its colour, its label, its bright or dark edge."""
    size = picture.shape[:2]
    left, top, right, bottom = (rng.uniform(*margin) for margin in kind.margins_mm)
    outer = _beyond(quad, -left, -top, CARD_WIDTH_MM + right, CARD_HEIGHT_MM + bottom)
    mix(picture, _polygon(size, outer) * uncovered * np.float32(rng.uniform(*kind.opacity)), _colour(rng))
    if kind.label:
        label = _beyond(quad, 1 - left / 2, 3 - top, CARD_WIDTH_MM + right / 2 - 1, rng.uniform(-8, -4))
        mix(picture, _polygon(size, label) * uncovered, _colour(rng))
    if rng.random() < _EDGED:
        line = np.zeros(size, np.uint8)
        points = np.round(outer * 2**_SHIFT).astype(np.int32)
        cv2.polylines(line, [points], True, 255, int(rng.integers(1, 3)), cv2.LINE_AA, _SHIFT)  # noqa: FBT003
        mix(picture, line.astype(np.float32) / 255 * uncovered * np.float32(rng.uniform(0.3, 1)), _colour(rng))


def _colour(rng: np.random.Generator) -> NDArray[np.uint8]:
    return vivid_colour(rng) if rng.random() < _VIVID else np.repeat(rng.integers(10, 250), 3).astype(np.uint8)


def mix(picture: NDArray[np.float32], share: NDArray[np.floating], colour: NDArray[np.uint8]) -> None:
    """Lay a colour over a picture, as much of it as `share` [H, W] says."""
    picture += share[..., None].astype(np.float32) * (colour.astype(np.float32) - picture)


def _beyond(quad: Quad, left: float, top: float, right: float, bottom: float) -> Quad:
    """A rectangle on a card's plane, in mm from its first corner."""
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) / _CARD_MM
    return transform_points(unit_square_homographies(quad[None])[0], corners)


def _polygon(size: tuple[int, int], quad: Quad) -> NDArray[np.float32]:
    mask = np.zeros(size, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad * 2**_SHIFT).astype(np.int32), 255, cv2.LINE_AA, _SHIFT)
    return np.asarray(mask / 255, np.float32)
