"""Detects cards: one network proposes where they lie, another places their sides, the edges say exactly."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.detection.completion import completed
from edge.detection.networks.outline import OutlineProposer, Proposal, mixed_quad
from edge.detection.networks.sides import SideFinder
from edge.detection.others import distinct, sleeved_quad
from edge.detection.refinement import fit_outline
from edge.detection.shape import card_order, card_shape_error, grown_quad
from edge.errors import MeasurementError
from edge.frame import Detection
from edge.geometry import (
    MIN_PICTURE_PX,
    PART,
    SAME_CARD_IOU,
    Image,
    Quad,
    distinct_quads,
    of_one_place,
    quad_intersection_over_smaller,
    quad_iou,
    side_lengths,
)
from edge.shipped import OUTLINE_MODEL, SIDE_MODEL

# chosen: longer sides of the pictures that the outline network is shown. It knows cards of 30 to 200 pixels, of which a
# frame has most at the first size.
FAR_PX = 288
# chosen: each about half as large again as the one before, while cards are small in that.
NEARER_PX = (448, 672, 1008)
# chosen: for cards that fill the first, of which the network sees parts there.
CLOSE_PX = 144
# chosen: a card with a shorter side below this in one picture is small: a fifth more than the network needs.
SMALL_PX = 36.0
# chosen: a card at least so long, as a share of the picture, is large.
LARGE = 0.35
# chosen: of a proposal. At half of it things are proposed, too, at twice of it cards are missed.
MIN_SCORE = 0.4
# chosen: of the card's shorter side, how far its edges are looked for from where the network has them.
REACH = 0.02
# chosen: a side of which so much lies along an edge is taken from there, else from the network.
MIN_SUPPORT = 0.5
# chosen: of a card's outline, see `card_shape_error`.
MAX_SHAPE_ERROR = 0.3
# chosen: closer looks at one card: how much beside it is seen, as a share of its longer extent, and the picture's size.
CLOSER_LOOKS = ((0.1, 144), (0.5, 176))
# chosen: what is proposed there and overlaps the outline that was found by more is that outline once more, on each side
# within 3 % of the card's width.
AS_FOUND_IOU = 0.9
# geometry: sleeves that go over others end 3 mm beyond the card: its sides are looked for from there, too.
LOOSE_SLEEVE_MM = 3.0
# chosen: of a proposal there: recognition decides among them, so that less is believed than of a whole picture.
MIN_OTHER_SCORE = 0.1
# chosen: of a card that the picture cuts, so much of its shorter side may lie outside.
MAX_OUTSIDE = 0.12


class CardDetector:
    """Finds whole cards in an image, also where something covers corners or edges of them."""

    def __init__(self, *, outlines: Path = OUTLINE_MODEL, sides: Path = SIDE_MODEL) -> None:
        """Open the networks.

        Args:
            outlines: the network that proposes (ONNX).
            sides: the network that places the sides (ONNX).

        Raises:
            ModelError: if a network is missing, damaged or another model.
        """
        self._proposer = OutlineProposer(outlines)
        self._sides = SideFinder(sides)

    def detect(self, image: Image) -> tuple[Detection, ...]:
        """Find the cards that are whole in the image, except for what something covers.

        Args:
            image: uint8 [H, W, 3] BGR, any size.

        Returns:
            Detections, best first; their proposals hardly overlap.
        """
        if min(image.shape[:2]) < MIN_PICTURE_PX:
            return ()
        found = self.place(image, self._proposed(image))
        return tuple(sorted(found, key=lambda each: -each.confidence))

    def place(self, image: Image, proposals: Sequence[Proposal]) -> list[Detection]:
        """The cards that were proposed, with their sides placed and fitted, in the same order; some may be none.

        Args:
            image: uint8 [H, W, 3] BGR.
            proposals: in its pixels.
        """
        return _fitted_all(image, proposals, self._sides.find(image, [each.quad for each in proposals]))

    def others(self, image: Image, quad: Quad) -> list[Quad]:
        """Other outlines that the card at a place may have: the place is looked at closer, and less is believed.

        Args:
            image: uint8 [H, W, 3] BGR.
            quad: an outline found there, in its pixels.

        Returns:
            Card quads, in no order.
        """
        looked: list[Proposal] = []
        for margin, size_px in CLOSER_LOOKS:
            corner, part = _surroundings(image, quad, margin)
            seen = self._proposer.propose(part, size_px, MIN_OTHER_SCORE)
            looked += [replace(each, quad=each.quad + corner) for each in seen]
        # Placing sides costs the most: not for neighbours and their parts, nor for what was found already.
        here = [each for each in looked if of_one_place(each.quad, quad)]
        proposals = [each for each in here if quad_iou(each.quad, quad) < AS_FOUND_IOU]
        proposals.append(Proposal(quad=grown_quad(quad, -LOOSE_SLEEVE_MM), score=MIN_OTHER_SCORE))
        closer = [each.quad for each in self.place(image, proposals)]
        return distinct([*closer, sleeved_quad(image, quad)], quad)

    def _proposed(self, image: Image) -> list[Proposal]:
        long_px = max(image.shape[:2])
        found = self._proposer.propose(image, FAR_PX, MIN_SCORE)
        for seen_px, nearer_px in pairwise((FAR_PX, *NEARER_PX)):
            seen_well = _short_side(found) > SMALL_PX / seen_px * long_px if found else seen_px > FAR_PX
            if seen_well:
                break
            nearer = self._proposer.propose(image, nearer_px, MIN_SCORE)
            found = nearer + found
            found = [found[k] for k in distinct_quads([each.quad for each in found], SAME_CARD_IOU)]
        if not found or max(side_lengths(each.quad).max() for each in found) >= LARGE * long_px:
            closer = self._proposer.propose(image, CLOSE_PX, MIN_SCORE)
            found = _whole(found + [each for each in closer if side_lengths(each.quad).max() >= LARGE * long_px])
        return found


def _fitted_all(image: Image, proposals: Sequence[Proposal], placed: Sequence[Quad | None]) -> list[Detection]:
    """The proposals whose sides were placed and fit, in their order."""
    pairs = zip(proposals, placed, strict=True)
    found = [fitted(image, quad, proposal.score) for proposal, quad in pairs if quad is not None]
    return [each for each in found if each is not None]


def fitted(image: Image, quad: Quad, score: float) -> Detection | None:
    """A card with the sides that can be seen fitted to their edges; None where much of it lies outside the image.

    A side of which too little can be seen stays where the network put it, or goes where a card's size puts it.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: about where the card's sides are.
        score: 0 to 1, how sure it is that this is a card.
    """
    short_px = float(side_lengths(quad).min())
    outline = fit_outline(image, quad, REACH * short_px)
    if outline is not None:
        mixed = mixed_quad(quad, outline.quad, outline.support >= MIN_SUPPORT)
        if mixed is not None and np.abs(mixed - quad).max() <= 2 * REACH * short_px:
            quad = mixed
    quad = completed(image, quad)
    size = image.shape[1], image.shape[0]
    if quad.min() < -MAX_OUTSIDE * short_px or np.any(quad.max(axis=0) > np.array(size) + MAX_OUTSIDE * short_px):
        return None
    if float(card_shape_error(quad[None], size)[0]) > MAX_SHAPE_ERROR:
        return None
    try:
        return Detection(quad=card_order(quad, size), confidence=score)
    except MeasurementError:
        return None


def _surroundings(image: Image, quad: Quad, margin: float) -> tuple[NDArray[np.float64], Image]:
    """The part of an image around a quad, and where it begins."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    beside = margin * (high - low).max()
    last = np.array(image.shape[1::-1])
    left, top = np.clip(np.floor(low - beside), 0, last - MIN_PICTURE_PX).astype(int)
    right, bottom = np.clip(np.ceil(high + beside), (left + MIN_PICTURE_PX, top + MIN_PICTURE_PX), last).astype(int)
    return np.array([left, top], np.float64), np.ascontiguousarray(image[top:bottom, left:right])


def _short_side(proposals: list[Proposal]) -> float:
    return float(np.median([side_lengths(each.quad).min() for each in proposals]))


def _whole(proposals: list[Proposal]) -> list[Proposal]:
    """The proposals, best first, without those that are a part of a better one, or that a better one is a part of."""
    best = sorted(proposals, key=lambda each: -each.score)
    kept = distinct_quads([each.quad for each in best], PART, quad_intersection_over_smaller)
    return [best[k] for k in kept]
