"""What is true of the cards in a picture: for tests, training and evaluation.

Nothing that recognises or measures cards may read it.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Quad
from edge.simulator.camera import Camera, Points, mean_px_per_mm
from edge.simulator.compositing import clipped_window, fill, window_view
from edge.simulator.items import PlacedCard, card_outline_px, card_quad_px
from edge.simulator.sleeve import SleeveKind

MASK_SCALE = 2
LARGEST_MASK = 8000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CardTruth:
    """The truth about one card in a picture.

    Attributes:
        card_id: None for a card that lies face down.
        face: which side is seen.
        quad: [4, 2] frame pixels, the sharp corners of the outline (without rounding), from the card's own top-left
            clockwise; they may lie outside the frame.
        visible_fraction: share of its area (0 to 1) that nothing hides and that lies in the frame.
        fully_in_frame: whether all four corners lie in the frame.
        px_per_mm: mean scale at which it appears.
        offset_mm: shift of the print against the cut, right and down.
        rotation_deg: turn of the print against the cut.
        sleeve: kind of its sleeve.
        foil: whether it shines.
    """

    card_id: str | None
    face: Literal["front", "back"]
    quad: Quad
    visible_fraction: float
    fully_in_frame: bool
    px_per_mm: float
    offset_mm: tuple[float, float]
    rotation_deg: float
    sleeve: SleeveKind
    foil: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneTruth:
    """The truth about one picture: its cards, bottom to top."""

    cards: tuple[CardTruth, ...]


def scene_truth(camera: Camera, cards: tuple[PlacedCard, ...], covers: list[Points]) -> SceneTruth:
    """What is true of cards that lie bottom to top with other things above them.

    Args:
        camera: the camera.
        cards: bottom to top.
        covers: outlines [N, 2], in frame pixels, of what lies above all cards.
    """
    outlines = [card_outline_px(camera, card.pose) for card in cards]
    visible = visible_fractions((camera.width, camera.height), outlines, covers)
    return SceneTruth(cards=tuple(_card_truth(camera, c, v) for c, v in zip(cards, visible, strict=True)))


def visible_fractions(size: tuple[int, int], outlines: list[Points], covers: list[Points]) -> list[float]:
    """The share of each outline's area that lies in the frame and under none of the later outlines and covers.

    Args:
        size: width and height of the frame.
        outlines: closed outlines [N, 2] in pixels, bottom to top.
        covers: outlines that hide all of them.
    """
    labels = np.zeros((-(-size[1] // MASK_SCALE), -(-size[0] // MASK_SCALE)), np.uint8)
    whole = [_paint(labels, outline, number) for number, outline in enumerate(outlines, start=1)]
    for cover in covers:
        _paint(labels, cover, 255)
    seen = np.bincount(labels.ravel(), minlength=256)
    return [float(seen[number]) / area if area else 0.0 for number, area in enumerate(whole, start=1)]


def _paint(labels: NDArray[np.uint8], outline: Points, label: int) -> int:
    """Write a label where an outline is; returns the outline's whole area in mask pixels."""
    scaled = outline / MASK_SCALE
    window = clipped_window(scaled, labels.shape[1], labels.shape[0], 0)
    if window is not None:
        inside: NDArray[np.uint8] = np.zeros((window[3], window[2]), np.uint8)
        fill(inside, scaled - window[:2])
        window_view(labels, window)[inside > 0] = label
    low = np.floor(scaled.min(axis=0)) - 1
    columns, rows = np.ceil(scaled.max(axis=0) + 2 - low).astype(int)
    if max(columns, rows) > LARGEST_MASK:
        return round(cv2.contourArea(scaled.astype(np.float32)))
    whole = np.zeros((rows, columns), np.uint8)
    fill(whole, scaled - low)
    return int(np.count_nonzero(whole))


def _card_truth(camera: Camera, card: PlacedCard, visible: float) -> CardTruth:
    quad = card_quad_px(camera, card.pose)
    inside = (quad >= -0.5) & (quad <= (camera.width - 0.5, camera.height - 0.5))
    return CardTruth(
        card_id=card.spec.card_id if card.spec else None,
        face="front" if card.spec else "back",
        quad=quad,
        visible_fraction=visible,
        fully_in_frame=bool(inside.all()),
        px_per_mm=mean_px_per_mm(quad, CARD_WIDTH_MM, CARD_HEIGHT_MM),
        offset_mm=card.offset_mm,
        rotation_deg=card.rotation_deg,
        sleeve=card.finish.sleeve.kind,
        foil=card.finish.foil is not None,
    )
