"""Detection where the sensor has already seen something: it says roughly where, the outline is found here.

The sensor's boxes have no corners and know no rotation. Each box that no known card explains is searched once, on a
crop, in a thread of its own; a card that was found is followed from frame to frame by its outline.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.detection.cards import CardDetector
from edge.detection.following.failures import SearchFailures
from edge.detection.following.live import Followed, Window, changed, follow_all, followed, outcome, patch_of, same_card
from edge.frame import Detection
from edge.geometry import Image

BOX_MARGIN = 0.2
EXPLAINED = 0.5
MAX_BARREN = 16
UNSEEN_FRAMES = 90


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Barren:
    """A window in which a search found no card, and what it showed."""

    window: Window
    patch: Image


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Search:
    """A search under way, its frame and the windows that are searched."""

    image: Image
    windows: tuple[Window, ...]
    result: Future[tuple[Detection, ...]]


class GuidedDetector:
    """Turns a sensor's boxes into card outlines. Owns one thread; used by one thread at a time."""

    def __init__(self, detector: CardDetector, failures: SearchFailures | None = None) -> None:
        """Search crops with `detector`; searches that fail are told to `failures`."""
        self._failures = failures or SearchFailures()
        self._detector = detector
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search")
        self._followed: list[Followed] = []
        self._barren: list[_Barren] = []
        self._search: _Search | None = None

    def detect(self, image: Image, boxes: NDArray[np.float64] | None) -> tuple[Detection, ...]:
        """The cards in the next frame, as far as they are known; a new one appears once its box has been searched.

        Args:
            image: uint8 [H, W, 3] BGR; must not be written to later.
            boxes: float64 [N, 4] left, top, right, bottom in pixels of this image; None where the sensor had none
                ready, which says nothing about what is there.

        Returns:
            Detections, best first. Where a search fails, its boxes are searched again.
        """
        self._followed = follow_all(self._followed, image, self._failures)
        self._collect(image)
        if boxes is not None:
            self._note_unseen(boxes)
            self._search_new(image, boxes)
        return tuple(sorted((card.detection for card in self._followed), key=lambda each: -each.confidence))

    def close(self) -> None:
        """End the search thread. Safe to call twice."""
        self._executor.shutdown(cancel_futures=True)

    def _note_unseen(self, boxes: NDArray[np.float64]) -> None:
        """Drop an outline that the sensor has seen no card in for long: an edge of the bench, not a card."""
        noted = [replace(card, missed=0 if _explained(card, boxes) else card.missed + 1) for card in self._followed]
        self._followed = [card for card in noted if card.missed <= UNSEEN_FRAMES]

    def _search_new(self, image: Image, boxes: NDArray[np.float64]) -> None:
        """Search the boxes that no known card explains and that have changed since they were searched in vain."""
        self._barren = [each for each in self._barren if not changed(each.patch, patch_of(image, each.window))]
        if self._search is not None:
            return
        unexplained = [box for box in boxes if not any(_shares(box, card) > EXPLAINED for card in self._followed)]
        windows = tuple(_window(box, image) for box in unexplained)
        windows = tuple(each for each in windows if not any(_alike(each, barren.window) for barren in self._barren))
        if windows:
            result = self._executor.submit(search_windows, self._detector, image, windows)
            self._search = _Search(image=image, windows=windows, result=result)

    def _collect(self, image: Image) -> None:
        """Take in a finished search: bring what it found up to the newest frame, remember where it found nothing."""
        if self._search is None or not self._search.result.done():
            return
        search, self._search = self._search, None
        detections = outcome(search.result, self._failures)
        if detections is None:
            return
        found = [followed(detection, search.image) for detection in detections]
        empty = [each for each in search.windows if not any(_shows(each, card) for card in found)]
        self._barren += [_Barren(window=each, patch=patch_of(search.image, each)) for each in empty]
        self._barren = self._barren[-MAX_BARREN:]
        current = follow_all(found, image, self._failures)
        self._followed += [card for card in current if not any(same_card(card, other) for other in self._followed)]


def search_windows(detector: CardDetector, image: Image, windows: Sequence[Window]) -> tuple[Detection, ...]:
    """The cards that a detector finds in parts of an image, each once, in pixels of the whole image."""
    found: list[Detection] = []
    for left, top, right, bottom in windows:
        for detection in detector.detect(np.ascontiguousarray(image[top:bottom, left:right])):
            moved = replace(detection, quad=detection.quad + np.array([left, top], dtype=np.float64))
            card = followed(moved, image)
            if not any(same_card(card, followed(other, image)) for other in found):
                found.append(moved)
    return tuple(found)


def _window(box: NDArray[np.float64], image: Image) -> Window:
    """A box with room for the card's whole outline, within the image."""
    margin = BOX_MARGIN * float((box[2:] - box[:2]).max())
    size = np.array(image.shape[1::-1])
    left, top = np.clip(np.floor(box[:2] - margin), 0, size - 2).astype(int)
    right, bottom = np.clip(np.ceil(box[2:] + margin) + 1, (left + 2, top + 2), size).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _bounds(card: Followed) -> NDArray[np.float64]:
    return np.concatenate([card.detection.quad.min(axis=0), card.detection.quad.max(axis=0)])


def _share(box: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Intersection over the smaller of two boxes: several cards may lie in one box of the sensor, or one beside it."""
    sides = np.clip(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0, None)
    smaller = min(np.prod(box[2:] - box[:2]), np.prod(other[2:] - other[:2]))
    return float(np.prod(sides) / max(smaller, 1e-9))


def _shares(box: NDArray[np.float64], card: Followed) -> float:
    return _share(box, _bounds(card))


def _explained(card: Followed, boxes: NDArray[np.float64]) -> bool:
    return any(_shares(box, card) > EXPLAINED for box in boxes)


def _shows(window: Window, card: Followed) -> bool:
    return _shares(np.array(window, dtype=np.float64), card) > EXPLAINED


def _alike(first: Window, second: Window) -> bool:
    """Whether two windows are nearly the same: a box trembles from frame to frame."""
    a, b = np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)
    return bool(np.abs(a - b).max() < BOX_MARGIN * float((a[2:] - a[:2]).max()))
