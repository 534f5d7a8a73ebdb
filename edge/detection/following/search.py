"""A search for cards in parts of a frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.detection.cards import CardDetector
from edge.detection.following.known import Followed, Window
from edge.frame import Detection
from edge.geometry import SAME_CARD_IOU, Image, distinct_quads


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """What a search has found.

    Attributes:
        image: the frame's.
        windows: its parts that were searched.
        found: the cards in them, as they are in that frame.
    """

    image: Image
    windows: tuple[Window, ...]
    found: tuple[Followed, ...]


def search_windows(detector: CardDetector, image: Image, windows: Sequence[Window]) -> tuple[Detection, ...]:
    """The cards that a detector finds in parts of an image, each once, in pixels of the whole image."""
    found = [
        replace(detection, quad=detection.quad + np.array([left, top], dtype=np.float64))
        for left, top, right, bottom in windows
        for detection in detector.detect(np.ascontiguousarray(image[top:bottom, left:right]))
    ]
    return tuple(found[k] for k in distinct_quads([each.quad for each in found], SAME_CARD_IOU))
