"""Where to search in the frames of a camera that gives pictures alone: everywhere, once the picture has changed."""

from dataclasses import replace

import cv2
import numpy as np

from edge.detection.following.known import Followed, Place, changed, is_other_outline, same_card
from edge.detection.following.search import Searched
from edge.frame import Frame
from edge.geometry import Image

# chosen: of the frame, that make a pixel of the small picture in which changes are seen.
BLOCK_PX = 8
# chosen: so many searches may miss a known card.
UNCONFIRMED_SEARCHES = 2


class WholeFrame:
    """Has a frame searched while it differs from the one that was searched last."""

    def __init__(self) -> None:
        """Start before the first search."""
        self._searched: Image | None = None

    def look(self, frame: Frame, known: list[Followed]) -> tuple[list[Followed], tuple[Place, ...]]:
        """The known cards as they are, and the whole frame where it has changed."""
        if self._searched is not None and not changed(self._searched, _thumbnail(frame.image)):
            return known, ()
        height, width = frame.image.shape[:2]
        return known, (Place(window=(0, 0, width, height)),)

    def merged(self, searched: Searched, current: list[Followed], known: list[Followed]) -> list[Followed]:
        """What was found, and for a while what was known and is missed."""
        self._searched = _thumbnail(searched.image)
        seen = [card for card in known if any(is_other_outline(each, card) for each in current)]
        found = [each for each in current if not any(is_other_outline(each, card) for card in seen)]
        missed = [card for card in known if not any(same_card(card, other) for other in found + seen)]
        return (
            found
            + [replace(card, missed=0) for card in seen]
            + [replace(card, missed=card.missed + 1) for card in missed if card.missed < UNCONFIRMED_SEARCHES]
        )

    def forget(self) -> None:
        """Start anew."""
        self._searched = None


def _thumbnail(image: Image) -> Image:
    height, width = image.shape[:2]
    size = (max(1, width // BLOCK_PX), max(1, height // BLOCK_PX))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
