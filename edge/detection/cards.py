"""Detects cards: a network proposes where they lie, their edges say exactly, a search for lines adds the rest."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge.detection.acceptance import Candidate, strongest_apart
from edge.detection.detector import MIN_FRAME_PX, QuadDetector, nearness
from edge.detection.network import OutlineProposer, Proposal, mixed_quad
from edge.detection.refinement import fit_outline
from edge.detection.shape import card_shape_error
from edge.errors import MeasurementError
from edge.frame import Detection
from edge.geometry import Image, Quad, card_quad, quad_iou, side_lengths

OUTLINE_MODEL = Path(__file__).resolve().parents[2] / "models" / "outline.onnx"
FAR_PX = 288
NEAR_PX = 192
# A second look at a proposal shows this share of its extent more on each side.
MARGIN = 0.25
SAME_PLACE_IOU = 0.6
MIN_SCORE = 0.4
REACH = 0.035
MIN_SUPPORT = 0.5
MAX_SHAPE_ERROR = 0.3
MAX_MOVE = 0.1
SAME_IOU = 0.3
MIN_LONE_CONFIDENCE = 0.6
MIN_OUTLINE = 0.1
MIN_WINNER_CONFIDENCE = 0.45
WINNER_IOU = 0.7


class CardDetector:
    """Finds whole cards in an image, also where something covers corners or edges of them."""

    def __init__(self, *, live: bool = False, model: Path = OUTLINE_MODEL) -> None:
        """Open the outline network.

        Args:
            live: for every frame of a camera: one look by the network alone. Else thorough, for single photos.
            model: the network (ONNX).

        Raises:
            ModelError: if the network is missing, damaged or another model.
        """
        self._proposer = OutlineProposer(model)
        self._lines = QuadDetector(live=live)
        self._live = live

    def detect(self, image: Image) -> tuple[Detection, ...]:
        """Find the cards that are whole in the image, except for what something covers.

        Args:
            image: uint8 [H, W, 3] BGR, any size.

        Returns:
            Detections that do not overlap, best first.
        """
        if min(image.shape[:2]) < MIN_FRAME_PX:
            return ()
        proposals = [self._looked_at_again(image, each) for each in self._proposer.propose(image, FAR_PX, MIN_SCORE)]
        outlines = self._lines.outlines(image, [each.quad for each in proposals], only_proposed=self._live)
        apart = strongest_apart(outlines)
        found: list[Detection] = []
        for proposal in proposals:
            detection = outline_of(proposal, apart, outlines) or fitted(image, proposal)
            if detection is not None and not _overlaps(detection.quad, found):
                found.append(detection)
        lone = [each for each in apart if each.confidence >= MIN_LONE_CONFIDENCE]
        found += [
            Detection(quad=each.quad, confidence=each.confidence) for each in lone if not _overlaps(each.quad, found)
        ]
        return tuple(sorted(found, key=lambda each: -each.confidence))

    def _looked_at_again(self, image: Image, proposal: Proposal) -> Proposal:
        """The proposal that the network makes when it sees this card larger."""
        low, high = proposal.quad.min(axis=0), proposal.quad.max(axis=0)
        margin = MARGIN * (high - low).max()
        left, top = np.floor(np.maximum(low - margin, 0)).astype(int)
        right, bottom = np.ceil(np.minimum(high + margin, image.shape[1::-1])).astype(int)
        part = np.ascontiguousarray(image[top:bottom, left:right])
        if min(part.shape[:2]) < MIN_FRAME_PX:
            return proposal
        best, best_iou = proposal, SAME_PLACE_IOU
        for other in self._proposer.propose(part, NEAR_PX, MIN_SCORE / 2):
            quad = other.quad + np.array([left, top])
            iou = quad_iou(quad, proposal.quad)
            if iou > best_iou:
                best, best_iou = Proposal(quad=quad, score=proposal.score), iou
        return best


def outline_of(proposal: Proposal, apart: Sequence[Candidate], outlines: Sequence[Candidate]) -> Detection | None:
    """The outline of a proposed card: the one that won its place if it is there, else the most card-like near it.

    Args:
        proposal: about where the card lies.
        apart: outlines that won against those they overlap.
        outlines: all of them.
    """
    for winner in apart:
        if winner.confidence >= MIN_WINNER_CONFIDENCE and quad_iou(winner.quad, proposal.quad) >= WINNER_IOU:
            return Detection(quad=winner.quad, confidence=proposal.score)
    rated = [(each.confidence * nearness(proposal.quad, each.quad), k) for k, each in enumerate(outlines)]
    value, k = max(rated, default=(0.0, -1))
    return Detection(quad=outlines[k].quad, confidence=proposal.score) if value >= MIN_OUTLINE else None


def fitted(image: Image, proposal: Proposal) -> Detection | None:
    """A proposal with the sides that can be seen fitted to their edges; None where it cannot be a whole card.

    A side of which too little can be seen stays where the network put it.

    Args:
        image: uint8 [H, W, 3] BGR.
        proposal: about where a card lies in it.
    """
    short_px = float(side_lengths(proposal.quad).min())
    outline = fit_outline(image, proposal.quad, REACH * short_px)
    quad = proposal.quad
    if outline is not None:
        mixed = mixed_quad(proposal.quad, outline.quad, outline.support >= MIN_SUPPORT)
        if mixed is not None and np.abs(mixed - proposal.quad).max() <= MAX_MOVE * short_px:
            quad = mixed
    size = image.shape[1], image.shape[0]
    if quad.min() < -0.5 or np.any(quad.max(axis=0) > np.array(size) - 0.5):
        return None
    if float(card_shape_error(quad[None], size)[0]) > MAX_SHAPE_ERROR:
        return None
    try:
        return Detection(quad=card_quad(quad), confidence=proposal.score)
    except MeasurementError:
        return None


def _overlaps(quad: Quad, detections: list[Detection]) -> bool:
    return any(quad_iou(quad, each.quad) > SAME_IOU for each in detections)
