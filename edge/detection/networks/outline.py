"""Proposes card outlines with a small network, also where fingers or other things hide corners and edges.

For each cell of a grid the network says whether a card's centre is there, and how far it is from the cell to the card's
outline along fixed rays; a quad is fitted to the ends of the rays. The proposals are a few pixels of a small picture
off; `edge.detection.refinement` finds the edges themselves.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MeasurementError
from edge.geometry import SAME_CARD_IOU, Image, Quad, card_quad, distinct_quads, is_convex
from edge.inference.networks import Signature, open_network

# layout: of the network, as it was trained (`card-training detector`).
RAYS = 32
STRIDE_PX = 8
DISTANCE_UNIT_PX = 32.0
INPUT_NAME = "pixels"
OUTPUT_NAMES = ("score", "distances")
SIGNATURE = Signature(
    inputs={INPUT_NAME: (None, 3, None, None)},
    outputs={"score": (None, 1, None, None), "distances": (None, RAYS, None, None)},
)
# layout: the network halves its picture so often that both sides must be multiples of this.
COARSEST_PX = 32
# chosen: cells so near a centre, with at least this share of its score, say where the outline is, too.
AGREEING = 1
AGREEING_SCORE = 0.4
# chosen: how often the sides are fitted, each time to the points that are nearest then.
FITS = 4
# numerics: to which OpenCV fits a line, in pixels and in radians.
_LINE_ACCURACY = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposal:
    """About where a card lies.

    Attributes:
        quad: card quad in pixels of the image; corners may lie outside it.
        score: 0 to 1.
    """

    quad: Quad
    score: float


class OutlineProposer:
    """Owns the network's session."""

    def __init__(self, model: Path) -> None:
        """Open the model.

        Raises:
            ModelError: if it is missing, damaged or another model.
        """
        self._session = open_network(model, SIGNATURE)

    def propose(self, image: Image, long_side_px: int, min_score: float) -> list[Proposal]:
        """Look at a reduced copy of an image.

        Args:
            image: uint8 [H, W, 3] BGR.
            long_side_px: of the copy; the network knows cards of about 30 to 200 pixels.
            min_score: of a proposal.

        Returns:
            Proposals that hardly overlap, best first.
        """
        scale = long_side_px / max(image.shape[:2])
        score, distances = self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: _padded(image, scale)})
        small = decode(score[0, 0], distances[0], min_score)
        return [Proposal(quad=(each.quad + 0.5) / scale - 0.5, score=each.score) for each in small]


def decode(score: NDArray[np.float32], distances: NDArray[np.float32], min_score: float) -> list[Proposal]:
    """The outlines in what the network says, in pixels of its picture.

    Args:
        score: float32 [h, w], 0 to 1.
        distances: float32 [RAYS, h, w], pixels.
        min_score: of a proposal.
    """
    return proposals_at(score, distances, peaks(score, min_score))


def peaks(score: NDArray[np.float32], min_score: float) -> list[tuple[int, int]]:
    """The cells (row, column) of a card's centre, best first: those with more of a score than any beside them."""
    rows, columns = np.nonzero(
        (score >= min_score) & (score >= np.asarray(cv2.dilate(score, np.ones((3, 3), np.uint8))))
    )
    order = np.argsort(-score[rows, columns], kind="stable")
    return list(zip(rows[order].tolist(), columns[order].tolist(), strict=True))


def proposals_at(
    score: NDArray[np.float32], distances: NDArray[np.float32], cells: Sequence[tuple[int, int]]
) -> list[Proposal]:
    """The outlines around centres, best first, without those that are one and the same card's.

    Args:
        score: float32 [h, w], 0 to 1.
        distances: float32 [RAYS, h, w], pixels.
        cells: (row, column) of the centres, best first.
    """
    quads = ((fit_quad(_outline_points(score, distances, *cell)), cell) for cell in cells)
    found = [Proposal(quad=quad, score=float(score[cell])) for quad, cell in quads if quad is not None]
    return [found[k] for k in distinct_quads([each.quad for each in found], SAME_CARD_IOU)]


def _outline_points(
    score: NDArray[np.float32], distances: NDArray[np.float32], row: int, column: int
) -> NDArray[np.float64]:
    """The ends of the rays [N, 2] of a centre's cell and of its neighbours that see the same card."""
    around = slice(max(row - AGREEING, 0), row + AGREEING + 1), slice(max(column - AGREEING, 0), column + AGREEING + 1)
    rows, columns = np.nonzero(score[around] >= AGREEING_SCORE * score[row, column])
    rows, columns = rows + around[0].start, columns + around[1].start
    cells = STRIDE_PX * np.stack([columns, rows], axis=1) + (STRIDE_PX - 1) / 2
    ends = cells[:, None] + distances[:, rows, columns].T[..., None] * ray_directions()
    return np.asarray(ends.reshape(-1, 2), np.float64)


@lru_cache(maxsize=1)
def ray_directions() -> NDArray[np.float32]:
    """Unit vectors [RAYS, 2], clockwise from the x axis (y down)."""
    angles = np.arange(RAYS) * (2 * math.pi / RAYS)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def fit_quad(points: NDArray[np.floating]) -> Quad | None:
    """The card quad whose sides lie nearest to points of its outline [N, 2]; None where they show no quad.

    Starts from the smallest rectangle around the points; then each side is fitted to the points that are nearest to it
    (total least squares, Huber's weights), and again until those are the same points as before.
    """
    quad = np.asarray(cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32))), np.float64)
    fitted_to = None
    for _ in range(FITS):
        lines = _side_lines(quad)
        nearest = np.abs(points @ lines[:, :2].T + lines[:, 2]).argmin(axis=1)
        if fitted_to is not None and np.array_equal(nearest, fitted_to):
            break
        fitted_to = nearest
        for side in range(4):
            members = points[nearest == side].astype(np.float32)
            if len(members) >= 3:
                fitted = cv2.fitLine(members, cv2.DIST_HUBER, 0, _LINE_ACCURACY, _LINE_ACCURACY)
                dx, dy, x, y = np.asarray(fitted, np.float64).ravel()
                lines[side] = dy, -dx, dx * y - dy * x
        crossed = crossings(lines)
        if crossed is None or not is_convex(crossed):
            return None
        quad = crossed
    try:
        return card_quad(quad)
    except MeasurementError:
        return None


def mixed_quad(first: Quad, second: Quad, take_second: NDArray[np.bool_]) -> Quad | None:
    """The quad with the sides of `second` where `take_second` [4] is true, else of `first`; None if not convex."""
    quad = crossings(np.where(take_second[:, None], _side_lines(second), _side_lines(first)))
    return quad if quad is not None and is_convex(quad) else None


def _side_lines(quad: Quad) -> NDArray[np.float64]:
    """Lines a x + b y + c = 0 [4, 3] through the sides, (a, b) of unit length; side k starts at corner k."""
    edge = quad[[1, 2, 3, 0]] - quad
    normal = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return np.column_stack([normal, -np.einsum("kc,kc->k", normal, quad)])


def crossings(lines: NDArray[np.float64]) -> Quad | None:
    """Where each line a x + b y + c = 0 [4, 3] meets the one before it [4, 2]; None where they are parallel."""
    (a, b, c), (d, e, f) = lines[[3, 0, 1, 2]].T, lines.T
    parallel = a * e - b * d
    if np.any(np.abs(parallel) < 1e-6):
        return None
    return np.stack([(b * f - c * e) / parallel, (c * d - a * f) / parallel], axis=1)


def _padded(image: Image, scale: float) -> NDArray[np.float32]:
    """A reduced copy, float32 [1, 3, H, W] RGB, its sides filled up to what the network takes."""
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    width, height = (-(-side // COARSEST_PX) * COARSEST_PX for side in size)
    padded = cv2.copyMakeBorder(small, 0, height - size[1], 0, width - size[0], cv2.BORDER_CONSTANT, value=(0, 0, 0))
    return np.ascontiguousarray(padded[None, ..., ::-1].transpose(0, 3, 1, 2), dtype=np.float32)
