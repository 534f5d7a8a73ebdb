"""Finds cards by their straight sides and rounded corners alone: propose on a small copy, fit on the image itself."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection.acceptance import MIN_BORDER_MM, Candidate, Verdict, card_likeness, judge, strongest_apart
from edge.detection.alternatives import alternative_quads
from edge.detection.corners import corner_roundness
from edge.detection.edges import FAINT, NORMAL, EdgeField, Sensitivity, edge_field
from edge.detection.overlap import areas, concentric, contains, contains_all
from edge.detection.polarity import agreement, quad_polarity
from edge.detection.proposals import propose_quads
from edge.detection.refinement import fit_outline
from edge.detection.segments import Segments, joined_segments, line_segments
from edge.detection.shape import card_shape_error, grown_quad
from edge.detection.support import outline_support
from edge.frame import Detection
from edge.geometry import Image, Quad, quad_area, side_lengths

MIN_SEGMENT = 0.35
PROPOSED_SHAPE_ERROR = 0.25
PROPOSED_SUPPORT = 0.6
SEARCH_WORKING_PX = 2.5
MIN_FRAME_PX = 24
SAME_QUAD_PX = 3.0
CERTAIN = 0.85
LIKELY = 0.6
TRIES_EACH = 6
INTERIOR_MM = 1.5
MAX_GROWTH = 3.8
ALTERNATIVE_REACH = 0.006
MAX_OUTWARD = 24
OUTWARD_EACH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One pass over the frame.

    Attributes:
        working_px: about the long side of the reduced image in which outlines are proposed.
        min_side: of what is proposed, as a fraction of the long side.
        sensitivity: to edges.
        segments: how many of the longest straight segments are considered.
        outlines: how many outlines are fitted at most.
    """

    working_px: int
    min_side: float
    sensitivity: Sensitivity
    segments: int
    outlines: int


_FAR = _Look(working_px=320, min_side=1 / 7, sensitivity=NORMAL, segments=400, outlines=60)
_NEAR = _Look(working_px=800, min_side=1 / 14, sensitivity=NORMAL, segments=1000, outlines=200)
# In this order: the reduced image that shows less of print and cloth comes first.
_LOOKS = (_FAR, _NEAR, replace(_FAR, sensitivity=FAINT), replace(_NEAR, sensitivity=FAINT))
# Outlines that are tried in the place of each that was found.
ALTERNATIVES = 5


def line_detections(image: Image) -> tuple[Detection, ...]:
    """Find cards by their straight sides and rounded corners, without a trained network.

    They are whole in the image, except for corners or stretches that something covers.

    Args:
        image: uint8 [H, W, 3] BGR, any size.

    Returns:
        Detections that do not overlap, best first.
    """
    if min(image.shape[:2]) < MIN_FRAME_PX:
        return ()
    search = _Search(image)
    for look in _LOOKS:
        search.look(look)
    search.look_around()
    return tuple(Detection(quad=each.quad, confidence=each.confidence) for each in strongest_apart(search.accepted))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """The frame, reduced.

    Attributes:
        image: uint8 [H, W, 3] BGR.
        factor: frame pixels per pixel.
        field: its edges.
        min_side_px: of what is proposed.
    """

    image: Image
    factor: float
    field: EdgeField
    min_side_px: float


class _Search:
    """One frame's search: what was accepted explains its part of the frame, the rest is looked at harder."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.accepted: list[Candidate] = []
        self.inner: list[Quad] = []

    def look(self, look: _Look) -> None:
        """Propose from the pieces of lines first, then from joined ones where no card explains them yet."""
        view = _view(self.image, look)
        segments = line_segments(view.field.edges, MIN_SEGMENT * view.min_side_px, look.segments)
        left = self._look_at(view, self._unexplained(segments, view.factor), look.outlines)
        joined = joined_segments(self._unexplained(segments, view.factor), look.segments)
        self._look_at(view, joined, left)

    def _look_at(self, view: _View, segments: Segments, outlines: int) -> int:
        """Fit the quads that segments of a view propose, the most card-like first; returns how many may be left."""
        remaining = _proposals(view, segments)
        for candidate in self.accepted:
            remaining = _other_places(remaining, candidate)
        while len(remaining) and outlines > 0:
            quad, remaining = remaining[0], remaining[1:]
            if self._surrounds_several(quad):
                continue
            outlines -= 1
            found = self._try(quad, SEARCH_WORKING_PX * view.factor)
            if found is not None:
                remaining = _other_places(remaining, found)
        return outlines

    def look_around(self) -> None:
        """Compare each outline with others in its place: printed frames and sleeves run parallel to a card's edge."""
        places = [candidate.quad for candidate in strongest_apart(self.accepted)]
        inner = [quad for quad in _apart(self.inner) if not any(concentric(each, quad[None])[0] for each in places)]
        for quad in [*places, *inner[:MAX_OUTWARD]]:
            reach_px = ALTERNATIVE_REACH * float(side_lengths(quad).min())
            for other in alternative_quads(self.image, quad, ALTERNATIVES):
                if all(np.abs(each.quad - other).max() > reach_px for each in self.accepted):
                    self._try(other, reach_px)

    def _unexplained(self, segments: Segments, factor: float) -> Segments:
        """The segments that do not lie inside an accepted card."""
        keep = np.ones(len(segments), dtype=bool)
        for candidate in self._certain():
            inner = grown_quad((candidate.quad + 0.5) / factor - 0.5, -INTERIOR_MM)
            keep &= ~contains(inner[None], segments.mean(axis=1))
        return segments[keep]

    def _certain(self) -> list[Candidate]:
        return [candidate for candidate in self.accepted if candidate.confidence > CERTAIN]

    def _surrounds_several(self, quad: Quad) -> bool:
        centres = [candidate.quad.mean(axis=0) for candidate in self._certain()]
        return len(centres) > 1 and bool(np.count_nonzero(contains(quad[None], np.array(centres))) > 1)

    def _try(self, quad: Quad, search_px: float) -> Candidate | None:
        outline = fit_outline(self.image, quad, search_px)
        if outline is None:
            return None
        verdict = judge(self.image, outline)
        if not isinstance(verdict, Candidate):
            if verdict is Verdict.SHARP:
                self.inner.append(_short_side_first(outline.quad[None])[0])
            return None
        self.accepted.append(verdict)
        return verdict


def _view(image: Image, look: _Look) -> _View:
    factor = _reduction(max(image.shape[:2]), look.working_px)
    reduced = _reduced(image, factor)
    min_side_px = look.min_side * max(reduced.shape[:2])
    return _View(image=reduced, factor=factor, field=edge_field(reduced, look.sensitivity), min_side_px=min_side_px)


def _proposals(view: _View, segments: Segments) -> NDArray[np.float64]:
    """Supported quads [N, 4, 2] in frame pixels, the most card-like first."""
    quads = propose_quads(segments, view.field.size, view.min_side_px, PROPOSED_SHAPE_ERROR)
    if len(quads) == 0:
        return quads
    support = outline_support(view.field, quads).mean(axis=1)
    quads, support = quads[support >= PROPOSED_SUPPORT], support[support >= PROPOSED_SUPPORT]
    quads = _short_side_first(quads)
    likeness = card_likeness(support, card_shape_error(quads, view.field.size), corner_roundness(view.image, quads))
    likeness = likeness * agreement(quad_polarity(view.image, quads))
    quads = _distinct(quads[np.argsort(-likeness, kind="stable")])
    return (quads + 0.5) * view.factor - 0.5


def _other_places(quads: NDArray[np.float64], candidate: Candidate) -> NDArray[np.float64]:
    """The quads not in a card's place, or that could be the outline around it; the first few, if it is uncertain."""
    if candidate.confidence < LIKELY or len(quads) == 0:
        return quads
    same_place = concentric(candidate.quad, quads)
    around = contains_all(quads, grown_quad(candidate.quad, MIN_BORDER_MM))
    around &= areas(quads) < MAX_GROWTH * quad_area(candidate.quad)
    keep = around if candidate.confidence > CERTAIN else same_place
    return quads[~same_place | (keep & (np.cumsum(keep) <= TRIES_EACH))]


def _reduction(long_side_px: int, working_px: int) -> float:
    """By how much to reduce an image; from 1.5 on a whole number, because reducing by those is several times faster."""
    factor = long_side_px / working_px
    return float(round(factor)) if factor >= 1.5 else max(1.0, factor)


def _reduced(image: Image, factor: float) -> Image:
    """The mean of every `factor` x `factor` pixels; what is left over at the right and at the bottom is cut off."""
    if factor == 1:
        return image
    height, width = int(image.shape[0] / factor), int(image.shape[1] / factor)
    whole = image[: round(height * factor), : round(width * factor)]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _short_side_first(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = np.linalg.norm(quads[:, [1, 2, 3, 0]] - quads, axis=2)
    landscape = sides[:, 0] + sides[:, 2] > sides[:, 1] + sides[:, 3]
    return np.where(landscape[:, None, None], quads[:, [1, 2, 3, 0]], quads)


def _distinct(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quads without near-copies of an earlier one."""
    _, first = np.unique(np.rint(quads / SAME_QUAD_PX).reshape(-1, 8), axis=0, return_index=True)
    return quads[np.sort(first)]


def _apart(quads: list[Quad]) -> list[Quad]:
    """The few largest of each set of quads about one another's centre."""
    kept: list[Quad] = []
    for quad in sorted(quads, key=lambda each: -quad_area(each)):
        if sum(bool(concentric(other, quad[None])[0]) for other in kept) < OUTWARD_EACH:
            kept.append(quad)
    return kept
