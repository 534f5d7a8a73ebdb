"""Which fitted outlines are cards, and which of several that overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from edge.detection.corners import corner_roundness
from edge.detection.overlap import areas, contains, overlap
from edge.detection.polarity import agreement
from edge.detection.refinement import Outline
from edge.detection.shape import card_order, card_shape_error, smallest_inset_mm
from edge.errors import MeasurementError
from edge.geometry import Image, Quad, side_lengths

MIN_SUPPORT = 0.6
MIN_THIRD_SIDE = 0.45
MAX_SHAPE_ERROR = 0.2
SHAPE_TOLERANCE = 0.07
SHAPE_FLOOR = 0.4
MIN_ROUNDNESS = 0.35
FULL_ROUNDNESS = 0.8
UNKNOWN_ROUNDNESS = 0.5
MAX_OVERLAP = 0.15
MIN_CONFIDENCE = 0.35
MIN_OUTER_CONFIDENCE = 0.8
MIN_OUTER_ROUNDNESS = 0.7
MIN_OUTER_CONTRAST = 0.4
SURELY_ROUND = 0.7
MIN_BORDER_MM = 1.0
FREE_CONTINUATION = 0.25
GROUP_CORNER = 0.02
GROUP_MEMBER = 0.7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """An outline that may be a card.

    Attributes:
        quad: card quad in frame pixels.
        confidence: 0 to 1, see `judge`.
        roundness: of its corners, 0 to 1, see `typical_roundness`.
        contrast: across its sides, in levels.
    """

    quad: Quad
    confidence: float
    roundness: float
    contrast: float


class Verdict(Enum):
    """Why an outline is not a card."""

    UNSUPPORTED = "too little of the outline lies on edges, or it leaves the frame"
    SHAPE = "no card in perspective looks like this"
    SHARP = "its corners are not rounded"


def judge(image: Image, outline: Outline) -> Candidate | Verdict:
    """Accept a fitted outline or not.

    The confidence is `card_likeness`, lessened where the colour changes one way across some sides and the other way
    across others, as it does around a card and the gap to its neighbour, and where the sides run on past the corners,
    as the lines of a checked cloth do.

    Args:
        image: uint8 [H, W, 3] BGR.
        outline: fitted to the image.
    """
    sides = np.sort(outline.support)
    if sides.mean() < MIN_SUPPORT or sides[1] < MIN_THIRD_SIDE or not _inside(outline.quad, image):
        return Verdict.UNSUPPORTED
    try:
        quad = card_order(outline.quad, (image.shape[1], image.shape[0]))
    except MeasurementError:
        return Verdict.SHAPE
    error = float(card_shape_error(quad[None], (image.shape[1], image.shape[0]))[0])
    if error > MAX_SHAPE_ERROR:
        return Verdict.SHAPE
    corners = corner_roundness(image, quad[None])
    roundness = float(typical_roundness(corners)[0])
    if roundness < MIN_ROUNDNESS:
        return Verdict.SHARP
    likeness = float(card_likeness(sides.mean(), np.asarray(error), corners)[0])
    ending = min(1.0, 1 + FREE_CONTINUATION - outline.continuation)
    confidence = likeness * float(agreement(np.asarray(outline.polarity))) * ending
    return Candidate(quad=quad, confidence=confidence, roundness=roundness, contrast=outline.contrast)


def _inside(quad: Quad, image: Image) -> bool:
    return bool(quad.min() >= -0.5 and np.all(quad.max(axis=0) <= np.array(image.shape[1::-1]) - 0.5))


def typical_roundness(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Roundness [N] of the two middle corners of each [N, 4], so that one may be hidden; unknown ones count half."""
    known = np.where(np.isfinite(corners), np.clip(corners, 0, 1), UNKNOWN_ROUNDNESS)
    typical: NDArray[np.float64] = np.sort(known, axis=1)[:, 1:3].mean(axis=1)
    return typical


def card_likeness(
    support: NDArray[np.float64], error: NDArray[np.float64], corners: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The confidence [N]: square of the support times shape times roundness, each 0 to 1."""
    shape = SHAPE_FLOOR + (1 - SHAPE_FLOOR) * np.exp(-0.5 * (error / SHAPE_TOLERANCE) ** 2)
    return support**2 * shape * np.clip(typical_roundness(corners) / FULL_ROUNDNESS, 0.05, 1.0)


def strongest_apart(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, best first, without groups of cards and without those that overlap a better one.

    A printed frame gives way to the card's outline around it. The outline of a sleeve or a shadow does not take a
    card's place: its corners are less round, or it is fainter than an outline that has round corners itself.
    """
    if not candidates:
        return []
    quads = np.stack([each.quad for each in candidates])
    groups = _groups(quads)
    single = [each for each, group in zip(candidates, groups, strict=True) if not group]
    single = sorted((each for each in single if each.confidence >= MIN_CONFIDENCE), key=lambda each: -each.confidence)
    kept: list[Candidate] = []
    while single:
        best = _outermost(single[0], single)
        kept = [other for other in kept if overlap(other.quad, best.quad) <= MAX_OVERLAP]
        kept.append(best)
        single = [each for each in single[1:] if overlap(each.quad, best.quad) <= MAX_OVERLAP]
    return sorted(kept, key=lambda each: -each.confidence)


def _outermost(candidate: Candidate, others: Sequence[Candidate]) -> Candidate:
    """The best outline with a border all round the candidate, or the candidate itself."""
    for other in others:
        if (
            other.confidence > MIN_OUTER_CONFIDENCE * candidate.confidence
            and other.roundness > MIN_OUTER_ROUNDNESS * candidate.roundness
            and (candidate.roundness < SURELY_ROUND or other.contrast > MIN_OUTER_CONTRAST * candidate.contrast)
            and bool(contains(other.quad[None], candidate.quad).all())
            and smallest_inset_mm(other.quad, candidate.quad) > MIN_BORDER_MM
        ):
            return _outermost(other, others)
    return candidate


def _groups(quads: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of [N, 4, 2] have their corners on those of several smaller ones in them, as around cards in a row, [N]."""
    size, centres = areas(quads), quads.mean(axis=1)
    nearest_corner = np.linalg.norm(quads[:, :, None, None] - quads[None, None], axis=4).min(axis=3)
    groups = np.zeros(len(quads), dtype=bool)
    for k, quad in enumerate(quads):
        members = contains(quad[None], centres) & (size < GROUP_MEMBER * size[k])
        if np.count_nonzero(members) >= 2:
            distance = nearest_corner[k][:, members]
            near = distance.min(axis=1) < GROUP_CORNER * side_lengths(quad).min()
            groups[k] = np.count_nonzero(near) >= 3 and len(set(distance.argmin(axis=1)[near].tolist())) > 1
    return groups
