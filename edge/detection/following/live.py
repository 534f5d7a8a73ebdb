"""Detection at a camera's frame rate: cards that lie still cost nothing, moving ones are followed, new ones searched.

A full search takes longer than a frame lasts. So it runs in a thread of its own, on the newest frame, and only while
the picture differs from the one that was searched last; every frame in between is answered at once, from the outlines
that are known: unchanged where the picture is, else fitted again to the new one.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection.cards import CardDetector
from edge.detection.following.failures import SearchFailures
from edge.detection.refinement import fit_outline
from edge.frame import Detection
from edge.geometry import Image, Quad, quad_iou, side_lengths

BLOCK_PX = 8
CHANGED_LEVELS = 6
CHANGED_BLOCKS = 8
FOLLOW_REACH = 0.025
SIDE_TOLERANCE = 0.04
PATCH_PX = 96
WINDOW_MARGIN = 0.1
MIN_RESPONSE = 0.1
FOLLOW_SUPPORT = 0.6
SAME_CARD_IOU = 0.3
UNCONFIRMED_SEARCHES = 2


Window = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """A known card.

    Attributes:
        detection: in the frame that it was last fitted to.
        window: left, top, right and bottom of the card and its nearest surroundings in that frame.
        patch: grey, small, what the window showed then.
        missed: searches since that did not find it.
    """

    detection: Detection
    window: Window
    patch: Image
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Search:
    """A search under way, and its frame."""

    image: Image
    thumbnail: Image
    result: Future[tuple[Detection, ...]]


class LiveDetector:
    """Follows the cards of a camera's frames. Owns one thread; used by one thread at a time."""

    def __init__(self, detector: CardDetector, failures: SearchFailures | None = None) -> None:
        """Search with `detector`; searches that fail are told to `failures`."""
        self._failures = failures or SearchFailures()
        self._detector = detector
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search")
        self._followed: list[Followed] = []
        self._searched: Image | None = None
        self._search: _Search | None = None

    def detect(self, image: Image) -> tuple[Detection, ...]:
        """The cards in the next frame, as far as they are known: a new card appears once a search has found it.

        Args:
            image: uint8 [H, W, 3] BGR; must not be written to later.

        Returns:
            Detections, best first. Where a search fails, the next frame is searched instead.
        """
        thumbnail = _thumbnail(image)
        if self._searched is not None and self._searched.shape != thumbnail.shape:
            self._followed, self._searched = [], None
        self._followed = follow_all(self._followed, image, self._failures)
        self._collect(image, thumbnail)
        if self._search is None and (self._searched is None or changed(self._searched, thumbnail)):
            self._search = _Search(
                image=image, thumbnail=thumbnail, result=self._executor.submit(self._detector.detect, image)
            )
        detections = (each.detection for each in self._followed)
        return tuple(sorted(detections, key=lambda detection: -detection.confidence))

    def close(self) -> None:
        """End the search thread. Safe to call twice."""
        self._executor.shutdown(cancel_futures=True)

    def _collect(self, image: Image, thumbnail: Image) -> None:
        """Take in a finished search: bring what it found up to the newest frame, keep for a while what it missed."""
        if self._search is None or not self._search.result.done():
            return
        search, self._search = self._search, None
        if search.thumbnail.shape != thumbnail.shape:
            return
        detections = outcome(search.result, self._failures)
        if detections is None:
            return
        self._searched = search.thumbnail
        current = follow_all([followed(each, search.image) for each in detections], image, self._failures)
        self._followed = current + [
            replace(card, missed=card.missed + 1)
            for card in self._followed
            if card.missed < UNCONFIRMED_SEARCHES and not any(same_card(card, other) for other in current)
        ]


def outcome(result: Future[tuple[Detection, ...]], failures: SearchFailures) -> tuple[Detection, ...] | None:
    """What a finished search has found; None where it failed, which says nothing about what is there."""
    failure = result.exception()
    if failure is None:
        return result.result()
    if not isinstance(failure, Exception):
        raise failure
    failures.add(failure)
    return None


def follow_all(cards: Iterable[Followed], image: Image, failures: SearchFailures) -> list[Followed]:
    """Those of some cards whose outline the new frame shows; a search has to find the others again."""
    shown: list[Followed] = []
    for card in cards:
        try:
            current = follow(card, image)
        except Exception as failure:  # noqa: BLE001 (one outline that cannot be fitted is no reason to lose the others)
            failures.add(failure)
            continue
        if current is not None:
            shown.append(current)
    return shown


def follow(card: Followed, image: Image) -> Followed | None:
    """The card in a new frame: as it was where nothing changed, else fitted again; None where its outline is lost."""
    quad = card.detection.quad
    patch = patch_of(image, card.window)
    if not changed(card.patch, patch):
        return card
    outline = fit_outline(image, quad + _shift(card, patch), FOLLOW_REACH * float(side_lengths(quad).min()))
    if outline is None or outline.support.mean() < FOLLOW_SUPPORT or not _congruent(outline.quad, quad):
        return None
    return replace(followed(replace(card.detection, quad=outline.quad), image), missed=card.missed)


def followed(detection: Detection, image: Image) -> Followed:
    """A card as it is in the frame that it was found in."""
    margin = WINDOW_MARGIN * float(side_lengths(detection.quad).min())
    last = np.array(image.shape[1::-1]) - 2
    left, top = np.clip(np.floor(detection.quad.min(axis=0) - margin).astype(int), 0, last)
    right, bottom = np.clip(np.ceil(detection.quad.max(axis=0) + margin).astype(int), (left + 1, top + 1), last + 2)
    window = (int(left), int(top), int(right), int(bottom))
    return Followed(detection=detection, window=window, patch=patch_of(image, window))


def patch_of(image: Image, window: Window) -> Image:
    """What a window shows, grey and reduced to `PATCH_PX` on the longer side."""
    left, top, right, bottom = window
    scale = min(1.0, PATCH_PX / max(right - left, bottom - top))
    size = (max(2, round((right - left) * scale)), max(2, round((bottom - top) * scale)))
    part = cv2.resize(image[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def same_card(first: Followed, second: Followed) -> bool:
    """Whether two outlines are of one card."""
    return quad_iou(first.detection.quad, second.detection.quad) > SAME_CARD_IOU


def _congruent(first: Quad, second: Quad) -> bool:
    """Whether the sides are as long as before: else a side has jumped to the print or to a neighbour."""
    return bool(np.all(np.abs(side_lengths(first) / side_lengths(second) - 1) < SIDE_TOLERANCE))


def _shift(card: Followed, patch: Image) -> NDArray[np.float64]:
    """How far what the card's window shows has moved, [x, y] in frame pixels (phase correlation)."""
    height, width = patch.shape
    hanning = cv2.createHanningWindow((width, height), cv2.CV_32F)
    shift, response = cv2.phaseCorrelate(card.patch.astype(np.float32), patch.astype(np.float32), hanning)
    left, _, right, _ = card.window
    return np.array(shift) * (right - left) / width if response > MIN_RESPONSE else np.zeros(2)


def _thumbnail(image: Image) -> Image:
    height, width = image.shape[:2]
    size = (max(1, width // BLOCK_PX), max(1, height // BLOCK_PX))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def changed(before: Image, after: Image) -> bool:
    """Whether two small pictures differ by more than noise does."""
    difference = np.asarray(cv2.absdiff(before, after))
    return int(np.count_nonzero(difference > CHANGED_LEVELS)) >= CHANGED_BLOCKS
