"""Known cards from frame to frame: as they were where the picture is unchanged, else fitted again to the new one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection.following.failures import SearchFailures
from edge.detection.networks.outline import Proposal
from edge.detection.refinement import fit_outline
from edge.frame import Detection
from edge.geometry import SAME_CARD_IOU, Image, Quad, quad_intersection_over_smaller, quad_iou, side_lengths

# chosen: a small picture has changed where at least so many of its pixels differ by more than so many grey levels,
# which a camera's noise, averaged over a block, does not.
CHANGED_LEVELS = 6
CHANGED_BLOCKS = 8
# chosen: of the shorter side: how far an outline is looked for from where the picture in its window has moved to.
FOLLOW_REACH = 0.025
# chosen: of a side's length: by how much it may differ from before, where the card is tilted or comes nearer.
SIDE_TOLERANCE = 0.04
# chosen: the longer side of the small picture that a card is followed by.
PATCH_PX = 96
# chosen: of the shorter side: what is seen beside the card in it.
WINDOW_MARGIN = 0.1
# chosen: of phase correlation, 0 to 1: a lower peak says nothing of where the picture has moved to.
MIN_RESPONSE = 0.1
# chosen: of an outline's profiles, so many have to cross an edge there: three of four sides, none of them whole.
FOLLOW_SUPPORT = 0.6
# geometry: an outline that is nearer is the same one, moved by at most 3 mm.
SAME_OUTLINE_IOU = 0.9
# geometry: so much of the smaller of two outlines lies in the other where one is of the other's holder, or of a part of
# it; of a card's neighbour it is none.
NESTED = 0.8

Window = tuple[int, int, int, int]
"""Left, top, right and bottom of a part of a frame."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where in a frame to search.

    Attributes:
        window: the part of the frame.
        outline: of the card there, as the sensor has it: only its sides are to be placed; None where nothing is known.
    """

    window: Window
    outline: Proposal | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """A known card.

    Attributes:
        detection: in the frame that it was last fitted to.
        window: left, top, right and bottom of the card and its nearest surroundings in that frame.
        patch: grey, small, what the window showed then.
        still: frames since that one in which nothing has changed in the window.
        missed: searches since that did not find it, or looks of the sensor that did not see it.
        corrected: whether recognition has given it its outline, in the place of a holder's or a part's.
    """

    detection: Detection
    window: Window
    patch: Image
    still: int = 0
    missed: int = 0
    corrected: bool = False


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
        return replace(card, still=card.still + 1)
    outline = fit_outline(image, quad + _shift(card, patch), FOLLOW_REACH * float(side_lengths(quad).min()))
    if outline is None or outline.support.mean() < FOLLOW_SUPPORT or not _congruent(outline.quad, quad):
        return None
    return outlined(card, outline.quad, image)


def outlined(card: Followed, quad: Quad, image: Image) -> Followed:
    """A known card with the outline that it has in a frame."""
    current = followed(replace(card.detection, quad=quad), image)
    return replace(current, missed=card.missed, corrected=card.corrected)


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


def is_other_outline(found: Followed, card: Followed) -> bool:
    """Whether a search has found what a corrected card was taken for before: its holder, or a part of it."""
    overlap = quad_intersection_over_smaller(found.detection.quad, card.detection.quad)
    return card.corrected and overlap > NESTED


def to_correct(known: Sequence[Quad], found: Quad, better: Quad) -> int | None:
    """Which of some outlines is to become a better one.

    Args:
        known: outlines of cards.
        found: the one to correct.
        better: that it is to become.

    Returns:
        Its index; None where it is not known any more, or the better one is another card's.
    """
    overlaps = [quad_iou(each, found) for each in known]
    index = int(np.argmax(overlaps)) if overlaps else 0
    if not overlaps or overlaps[index] < SAME_OUTLINE_IOU:
        return None
    others = (each for k, each in enumerate(known) if k != index)
    return None if any(quad_iou(each, better) > SAME_CARD_IOU for each in others) else index


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


def changed(before: Image, after: Image) -> bool:
    """Whether two small pictures differ by more than noise does."""
    difference = np.asarray(cv2.absdiff(before, after))
    return int(np.count_nonzero(difference > CHANGED_LEVELS)) >= CHANGED_BLOCKS
