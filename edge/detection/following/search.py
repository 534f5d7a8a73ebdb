"""A search for cards in parts of a frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.detection.cards import CardDetector
from edge.detection.following.known import Followed, Place
from edge.frame import Detection
from edge.geometry import SAME_CARD_IOU, Image, distinct_quads


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """What a search has found.

    Attributes:
        image: the frame's.
        places: where it was searched.
        found: the cards in them, as they are in that frame.
    """

    image: Image
    places: tuple[Place, ...]
    found: tuple[Followed, ...]


def search_places(detector: CardDetector, image: Image, places: Sequence[Place]) -> tuple[Detection, ...]:
    """The cards that a detector finds in parts of an image, each once, in pixels of the whole image."""
    found = [
        replace(detection, quad=detection.quad + np.array([left, top], dtype=np.float64))
        for left, top, right, bottom in (place.window for place in places if place.outline is None)
        for detection in detector.detect(np.ascontiguousarray(image[top:bottom, left:right]))
    ]
    outlines = [place.outline for place in places if place.outline is not None]
    if outlines:
        found += detector.place(image, outlines)
    return tuple(found[k] for k in distinct_quads([each.quad for each in found], SAME_CARD_IOU))
