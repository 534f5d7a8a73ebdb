"""Finds card outlines in a frame: propose on a small copy, fit on the frame itself, keep what is card-like."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection.acceptance import MIN_BORDER_MM, Candidate, Verdict, card_likeness, judge, strongest_apart
from edge.detection.alternatives import alternative_quads
from edge.detection.corners import corner_roundness
from edge.detection.edges import FAINT, NORMAL, EdgeField, Sensitivity, edge_field
from edge.detection.overlap import areas, concentric, contains, contains_all
from edge.detection.proposals import propose_quads
from edge.detection.refinement import fit_outline
from edge.detection.segments import Segments, joined_segments, line_segments
from edge.detection.shape import card_shape_error, grown_quad
from edge.detection.support import outline_support
from edge.frame import Detection
from edge.geometry import Image, Quad, quad_area, side_lengths

MIN_SIDE = 1 / 14
MIN_SEGMENT = 0.35
PROPOSED_SHAPE_ERROR = 0.25
PROPOSED_SUPPORT = 0.6
SEARCH_WORKING_PX = 2.5
MIN_FRAME_PX = 24
SAME_QUAD_PX = 3.0
CERTAIN = 0.85
INTERIOR_MM = 1.5
MAX_GROWTH = 3.8
ALTERNATIVE_REACH = 0.006
MAX_OUTWARD = 24
OUTWARD_EACH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effort:
    """How hard to look.

    Attributes:
        working_px: about the long side of the reduced image in which outlines are proposed.
        segments: how many of the longest straight segments are considered.
        outlines: how many outlines are fitted at most before alternatives are compared.
        alternatives: how many other outlines in the place of each are tried.
        faint: whether faint edges are looked for even where cards have been found without them.
    """

    working_px: int
    segments: int
    outlines: int
    alternatives: int
    faint: bool


THOROUGH = _Effort(working_px=800, segments=1000, outlines=400, alternatives=5, faint=True)
LIVE = _Effort(working_px=560, segments=250, outlines=40, alternatives=3, faint=False)


class QuadDetector:
    """Detects cards by their outline, without a trained network."""

    def __init__(self, *, live: bool = False) -> None:
        """Choose the operating point: `live` for every frame of a camera, else thorough, for single photos."""
        self._effort = LIVE if live else THOROUGH

    def detect(self, image: Image) -> tuple[Detection, ...]:
        """Find the cards that are whole in the image, except for corners or stretches that something covers.

        Args:
            image: uint8 [H, W, 3] BGR, any size.

        Returns:
            Detections that do not overlap, best first.
        """
        if min(image.shape[:2]) < MIN_FRAME_PX:
            return ()
        search = _Search(image, self._effort)
        search.look(NORMAL)
        if self._effort.faint or not search.accepted:
            search.look(FAINT)
        search.look_around()
        kept = strongest_apart(search.accepted)
        return tuple(Detection(quad=candidate.quad, confidence=candidate.confidence) for candidate in kept)


class _Search:
    """One frame's search: what was accepted explains its part of the frame, the rest is looked at harder."""

    def __init__(self, image: Image, effort: _Effort) -> None:
        self.image = image
        self.factor = max(1, round(max(image.shape[:2]) / effort.working_px))
        self.working = _reduced(image, self.factor)
        self.min_side_px = MIN_SIDE * max(self.working.shape[:2])
        self.effort = effort
        self.outlines_left = effort.outlines
        self.accepted: list[Candidate] = []
        self.inner: list[Quad] = []

    def look(self, sensitivity: Sensitivity) -> None:
        """Propose from the pieces of lines first, then from joined ones where no card explains them yet."""
        field = edge_field(self.working, sensitivity)
        segments = line_segments(field.edges, MIN_SEGMENT * self.min_side_px, self.effort.segments)
        self.look_at(field, self._unexplained(segments))
        self.look_at(field, joined_segments(self._unexplained(segments), self.effort.segments))

    def look_at(self, field: EdgeField, segments: Segments) -> None:
        """Fit the quads that segments of the working image propose, the most card-like first."""
        remaining = self._not_explained(self._proposals(field, segments))
        while len(remaining) and self.outlines_left > 0:
            candidate = self._try(remaining[0], SEARCH_WORKING_PX * self.factor)
            remaining = remaining[1:]
            if candidate is not None and candidate.confidence > CERTAIN:
                remaining = self._not_explained(remaining)

    def look_around(self) -> None:
        """Compare each outline with others in its place: printed frames and sleeves run parallel to a card's edge."""
        places = [candidate.quad for candidate in strongest_apart(self.accepted)]
        inner = [quad for quad in _apart(self.inner) if not any(concentric(each, quad[None])[0] for each in places)]
        for quad in [*places, *inner[:MAX_OUTWARD]]:
            reach_px = ALTERNATIVE_REACH * float(side_lengths(quad).min())
            for other in alternative_quads(self.image, quad, self.effort.alternatives):
                if all(np.abs(each.quad - other).max() > reach_px for each in self.accepted):
                    self._try(other, reach_px)

    def _unexplained(self, segments: Segments) -> Segments:
        """The segments that do not lie inside an accepted card."""
        keep = np.ones(len(segments), dtype=bool)
        for candidate in self._certain():
            inner = grown_quad((candidate.quad + 0.5) / self.factor - 0.5, -INTERIOR_MM)
            keep &= ~contains(inner[None], segments.mean(axis=1))
        return segments[keep]

    def _certain(self) -> list[Candidate]:
        return [candidate for candidate in self.accepted if candidate.confidence > CERTAIN]

    def _not_explained(self, quads: NDArray[np.float64]) -> NDArray[np.float64]:
        """The quads that are not in the place of a certain card, unless they could be the outline around just one."""
        within = np.zeros(len(quads), dtype=int)
        elsewhere = np.ones(len(quads), dtype=bool)
        for candidate in self._certain():
            growth = areas(quads) / quad_area(candidate.quad)
            around = (growth < MAX_GROWTH) & contains_all(quads, grown_quad(candidate.quad, MIN_BORDER_MM))
            within += around
            elsewhere &= around | ~concentric(candidate.quad, quads)
        return quads[elsewhere & (within < 2)]

    def _try(self, quad: Quad, search_px: float) -> Candidate | None:
        self.outlines_left -= 1
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

    def _proposals(self, field: EdgeField, segments: Segments) -> NDArray[np.float64]:
        """Supported quads [N, 4, 2] in frame pixels, the most card-like first."""
        quads = propose_quads(segments, field.size, self.min_side_px, PROPOSED_SHAPE_ERROR)
        if len(quads) == 0:
            return quads
        support = outline_support(field, quads).mean(axis=1)
        quads, support = quads[support >= PROPOSED_SUPPORT], support[support >= PROPOSED_SUPPORT]
        quads = _short_side_first(quads)
        roundness = corner_roundness(self.working, quads)
        likeness = card_likeness(support, card_shape_error(quads, field.size), roundness)
        quads = _distinct(quads[np.argsort(-likeness, kind="stable")])
        return (quads + 0.5) * self.factor - 0.5


def _reduced(image: Image, factor: int) -> Image:
    """The mean of every `factor` x `factor` pixels; what is left over at the right and at the bottom is cut off."""
    if factor == 1:
        return image
    height, width = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: height * factor, : width * factor]
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
