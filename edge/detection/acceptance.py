"""Which fitted outlines are cards, and which of several that overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from edge.detection.corners import corner_roundness
from edge.detection.overlap import contains, overlap
from edge.detection.refinement import Outline
from edge.detection.shape import card_shape_error, smallest_inset_mm
from edge.errors import MeasurementError
from edge.geometry import Image, Quad, card_quad, quad_area, side_lengths

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
MIN_OUTER_CONFIDENCE = 0.7
MIN_OUTER_ROUNDNESS = 0.7
MIN_OUTER_CONTRAST = 0.4
SURELY_ROUND = 0.7
MIN_BORDER_MM = 1.0
FREE_CONTINUATION = 0.25
GROUP_CORNER = 0.02
GROUP_MEMBER = 0.7
MAX_POLARITY_DOUBT = 0.4


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
        quad = card_quad(outline.quad)
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
    agreement = 1 - MAX_POLARITY_DOUBT * (1 - max(outline.polarity, -1.0)) / 2
    ending = min(1.0, 1 + FREE_CONTINUATION - outline.continuation)
    confidence = likeness * agreement * ending
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
    single = [each for each in candidates if each.confidence >= MIN_CONFIDENCE and not _is_group(each, candidates)]
    single.sort(key=lambda each: -each.confidence)
    kept: list[Candidate] = []
    for candidate in single:
        if any(overlap(other.quad, candidate.quad) > MAX_OVERLAP for other in kept):
            continue
        around = _outermost(candidate, single)
        kept = [other for other in kept if overlap(other.quad, around.quad) <= MAX_OVERLAP]
        kept.append(around)
    return sorted(kept, key=lambda each: -each.confidence)


def _outermost(candidate: Candidate, others: Sequence[Candidate]) -> Candidate:
    """The best outline with a border all round the candidate, or the candidate itself."""
    for other in others:
        if (
            other.confidence > MIN_OUTER_CONFIDENCE * candidate.confidence
            and other.roundness > MIN_OUTER_ROUNDNESS * candidate.roundness
            and (candidate.roundness < SURELY_ROUND or other.contrast > MIN_OUTER_CONTRAST * candidate.contrast)
            and smallest_inset_mm(other.quad, candidate.quad) > MIN_BORDER_MM
        ):
            return _outermost(other, others)
    return candidate


def _is_group(candidate: Candidate, others: Sequence[Candidate]) -> bool:
    """Whether the corners of an outline are those of several smaller ones in it, as around cards in a row."""
    near = GROUP_CORNER * float(side_lengths(candidate.quad).min())
    area = quad_area(candidate.quad)
    members = [
        other.quad
        for other in others
        if quad_area(other.quad) < GROUP_MEMBER * area
        and contains(candidate.quad[None], other.quad.mean(axis=0)[None])[0]
    ]
    if len(members) < 2:
        return False
    distance = np.linalg.norm(candidate.quad[:, None, None] - np.array(members)[None], axis=3).min(axis=2)
    return len(set(distance.argmin(axis=1).tolist())) > 1 and np.count_nonzero(distance.min(axis=1) < near) >= 3
