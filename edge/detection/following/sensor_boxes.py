"""Where to search in the frames of a sensor that has already seen something: where its boxes or outlines are.

Boxes have no corners and know no rotation: each is searched, on a crop. An outline only needs its sides placed. Either
is done once, and again only when the picture there has changed: at once where it is no known card's, else when that
card lies still, since one that is found while it is put down is not found as exactly.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.detection.cards import MIN_SCORE
from edge.detection.following.known import Followed, Place, Window, changed, is_other_outline, patch_of, same_card
from edge.detection.following.lag import LagMeter
from edge.detection.following.search import Searched
from edge.detection.following.sensor_outlines import Looked, looked_at_outlines
from edge.detection.networks.dense import decode_maps
from edge.detection.networks.outline import Proposal
from edge.frame import Frame, OutlineMaps
from edge.geometry import Box, Image, Quad, bounding_box, box_area, box_intersection

# chosen: of a box's longer side: room for the card's whole outline around it.
BOX_MARGIN = 0.2
# chosen: a box is one known card's where that card fills so much of it; in what is left, no other card would have room.
FILLED = 0.7
# chosen: the sensor sees a card, or a window shows it, where so much of the smaller one lies in the other.
SEEN = 0.5
# physics: small pictures of 7 KB that are kept; more than the boxes that a sensor gives.
MAX_SEARCHED = 16
# chosen: three seconds at 30 frames/s: sensors lose a card for moments, and an edge of the bench for good.
UNSEEN_FRAMES = 90
# chosen: a third of a second at 30 frames/s: a card whose picture has not changed for so long has been put down.
STILL_FRAMES = 10


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _SearchedWindow:
    """A window that was searched, what it showed then, and how many cards were found in it."""

    window: Window
    patch: Image
    cards: int


class SensorBoxes:
    """Has searched where the sensor sees what may be new, and drops cards that the sensor does not see."""

    def __init__(self) -> None:
        """Start before the first search."""
        self._searched: list[_SearchedWindow] = []
        self._stretch = 0
        self._meter = LagMeter()
        self._told_lag: int | None = None

    def look(self, frame: Frame, known: list[Followed]) -> tuple[list[Followed], tuple[Place, ...]]:
        """The known cards but those unseen for long, and a place for each box or outline that may be of a new one."""
        if frame.outlines is not None:
            looked = _looked_at_outlines(frame.outlines, known)
        elif frame.boxes is not None:
            looked = _looked_at_boxes(frame.boxes, known)
        else:
            return known, ()
        self._measure_lag(frame, known)
        noted = [
            replace(card, missed=0 if seen else card.missed + 1) for card, seen in zip(known, looked.seen, strict=True)
        ]
        # One that is unseen for long is an edge of the bench, not a card.
        known = [card for card in noted if card.missed <= UNSEEN_FRAMES]
        places = (Place(window=_window(box, frame.image), outline=outline) for box, outline in looked.new)
        return known, tuple(each for each in places if self._may_show_new(each.window, frame.image, known))

    def merged(self, searched: Searched, current: list[Followed], known: list[Followed]) -> list[Followed]:
        """What was known, where it lies still as it was found now, and what was found beside it."""
        windows = [place.window for place in searched.places]
        kept = [each for each in self._searched if not any(_alike(each.window, other) for other in windows)]
        new = [
            _SearchedWindow(
                window=window, patch=patch_of(searched.image, window), cards=_cards_in(window, searched.found)
            )
            for window in windows
        ]
        self._searched = (kept + new)[-MAX_SEARCHED:]
        return [_as_found(card, current, windows) for card in known] + [
            card
            for card in current
            if not any(same_card(card, other) or is_other_outline(card, other) for other in known)
        ]

    def forget(self) -> None:
        """Start anew."""
        self._searched = []

    def _may_show_new(self, window: Window, image: Image, known: list[Followed]) -> bool:
        """Whether a window was never searched, or looks different since, or a card in it was lost."""
        return not any(
            _alike(window, each.window)
            and _cards_in(each.window, known) >= each.cards
            and not changed(each.patch, patch_of(image, each.window))
            for each in self._searched
        )

    def _measure_lag(self, frame: Frame, known: list[Followed]) -> None:
        if frame.stretch != self._stretch:
            self._stretch, self._meter = frame.stretch, LagMeter()
        self._meter.add([card.detection for card in known], lambda: _boxes_of(frame))
        lag = self._meter.lag_frames
        if lag is not None and lag != self._told_lag:
            self._told_lag = lag
            level = logging.WARNING if lag else logging.INFO
            _log.log(level, "the sensor's boxes fit the image of %d frames before; imx500.tensor_lag_frames should be "
                     "%d more", lag, lag)  # fmt: skip


def with_boxes(frame: Frame) -> Frame:
    """A frame with boxes around the outlines that its sensor gives, as recordings keep them."""
    return frame if frame.outlines is None else replace(frame, boxes=_boxes_of(frame))


def _window(box: Box, image: Image) -> Window:
    """A box with room for the card's whole outline, within the image."""
    margin = BOX_MARGIN * float((box[2:] - box[:2]).max())
    size = np.array(image.shape[1::-1])
    left, top = np.clip(np.floor(box[:2] - margin), 0, size - 2).astype(int)
    right, bottom = np.clip(np.ceil(box[2:] + margin) + 1, (left + 2, top + 2), size).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _filling(box: Box, known: list[Followed]) -> list[Followed]:
    """The known cards that fill a box; one that lies in a large box does not, for another may lie beside it."""
    fills = box_intersection(box, _bounds(known)) > FILLED * box_area(box)
    return [card for card, full in zip(known, fills, strict=True) if full]


def _is_on_its_way(card: Followed) -> bool:
    """Whether searching for a known card again would tell nothing: it still moves, or recognition gave its outline."""
    return card.corrected or card.still < STILL_FRAMES


def _as_found(card: Followed, current: list[Followed], windows: Sequence[Window]) -> Followed:
    """A known card as a search of windows has found it, where it lies still and one of them shows all of it."""
    if _is_on_its_way(card) or not any(_shows(window, card.window) for window in windows):
        return card
    found = next((each for each in current if same_card(each, card)), None)
    return card if found is None else replace(found, still=card.still, missed=card.missed)


def _shows(window: Window, part: Window) -> bool:
    (left, top, right, bottom), inner = window, part
    return left <= inner[0] and top <= inner[1] and right >= inner[2] and bottom >= inner[3]


def _looked_at_boxes(boxes: NDArray[np.float64], known: list[Followed]) -> Looked:
    return Looked(
        seen=[_seen(card, boxes) for card in known],
        new=[(box, None) for box in boxes if not any(map(_is_on_its_way, _filling(box, known)))],
    )


def _looked_at_outlines(maps: OutlineMaps, known: list[Followed]) -> Looked:
    """What the maps show beside the known cards, and those of them that lie still."""
    looked = looked_at_outlines(maps, known)
    still = [card.detection for card, seen in zip(known, looked.seen, strict=True) if seen and not _is_on_its_way(card)]
    again = [(bounding_box(each.quad), Proposal(quad=each.quad, score=each.confidence)) for each in still]
    return Looked(seen=looked.seen, new=[*looked.new, *again])


def _boxes_of(frame: Frame) -> NDArray[np.float64]:
    """All boxes [N, 4] that the sensor gives for a frame."""
    if frame.outlines is not None:
        return _bounding_boxes(each.quad for each in decode_maps(frame.outlines, MIN_SCORE))
    return np.empty((0, 4)) if frame.boxes is None else frame.boxes


def _seen(card: Followed, boxes: NDArray[np.float64]) -> bool:
    return bool(np.any(_intersection_over_smaller(bounding_box(card.detection.quad), boxes) > SEEN))


def _cards_in(window: Window, cards: Iterable[Followed]) -> int:
    return int(np.sum(_intersection_over_smaller(np.array(window, np.float64), _bounds(cards)) > SEEN))


def _bounds(cards: Iterable[Followed]) -> NDArray[np.float64]:
    return _bounding_boxes(card.detection.quad for card in cards)


def _bounding_boxes(quads: Iterable[Quad]) -> NDArray[np.float64]:
    return np.array([bounding_box(quad) for quad in quads], np.float64).reshape(-1, 4)


def _intersection_over_smaller(box: Box, others: NDArray[np.float64]) -> NDArray[np.float64]:
    smaller = np.maximum(np.minimum(box_area(box), box_area(others)), 1e-9)
    return np.asarray(box_intersection(box, others) / smaller)


def _alike(first: Window, second: Window) -> bool:
    """Whether two windows are nearly the same: a box trembles from frame to frame."""
    a, b = np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)
    return bool(np.abs(a - b).max() < BOX_MARGIN * float((a[2:] - a[:2]).max()))
