"""Other outlines in the place of a fitted one: every line parallel to its sides that could be the card's edge.

A card is full of lines parallel to its outline: the printed border, the art window, the sleeve around it. Each side of
an outline may have caught the wrong one, so all combinations are compared.
"""

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detection.acceptance import card_likeness
from edge.detection.corners import corner_roundness
from edge.detection.overlap import areas
from edge.detection.polarity import agreement, quad_polarity
from edge.detection.refinement import DERIVATIVE, POSITIONS, side_profiles
from edge.detection.shape import card_shape_error
from edge.geometry import CARD_WIDTH_MM, Image, Quad, quad_area, side_lengths

INWARD_MM = 4.0
OUTWARD_MM = 8.0
STEP_MM = 0.25
MAX_TURN_STEPS = 4
MIN_LEVELS = 1.5
MIN_SUPPORT = 0.6
LINES_EACH = 5
SAME_LINE_STEPS = 3
MAX_SHAPE_ERROR = 0.2
OUTER_PREFERENCE = 0.25
MIN_RELATIVE = 0.6


def alternative_quads(image: Image, quad: Quad, count: int) -> NDArray[np.float64]:
    """Up to `count` card-like quads [N, 4, 2] whose sides lie on lines near those of a card quad, best first.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: card quad in pixels.
        count: how many to return at most.
    """
    step_px = STEP_MM * float(side_lengths(quad)[[0, 2]].mean()) / CARD_WIDTH_MM
    lines = [_lines(ridges) for ridges in _ridges(image, quad, step_px)]
    choices = np.array(list(itertools.product(*(range(len(side)) for side in lines))))
    ends = np.stack([np.array([line[:2] for line in side])[choices[:, k]] for k, side in enumerate(lines)], axis=1)
    support = np.mean([np.array([line[2] for line in side])[choices[:, k]] for k, side in enumerate(lines)], axis=0)
    quads = _shifted(quad, ends * step_px)
    error = card_shape_error(quads, (image.shape[1], image.shape[0]))
    inside = (quads.min(axis=(1, 2)) >= 0) & np.all(quads.max(axis=1) <= np.array(image.shape[1::-1]) - 1, axis=1)
    usable = (error < MAX_SHAPE_ERROR) & inside
    quads, support, error = quads[usable], support[usable], error[usable]
    likeness = card_likeness(support, error, corner_roundness(image, quads)) * agreement(quad_polarity(image, quads))
    likeness = likeness * (areas(quads) / quad_area(quad)) ** OUTER_PREFERENCE
    order = np.argsort(-likeness, kind="stable")[:count]
    return np.asarray(quads[order[likeness[order] > MIN_RELATIVE * likeness.max(initial=0.0)]], dtype=np.float64)


def _ridges(image: Image, quad: Quad, step_px: float) -> NDArray[np.bool_]:
    """Where profiles across the sides cross an edge [4, S, M], from `INWARD_MM` to `OUTWARD_MM`."""
    outward = round(OUTWARD_MM / STEP_MM)
    profiles = side_profiles(image, quad, step_px, outward)[:, :, outward - round(INWARD_MM / STEP_MM) :]
    sides, count, samples, _ = profiles.shape
    change = cv2.filter2D(np.ascontiguousarray(profiles).reshape(-1, samples, 3), -1, DERIVATIVE)
    strength = np.linalg.norm(change.reshape(sides, count, samples, 3)[:, :, 1:-1], axis=3)
    middle = strength[:, :, 1:-1]
    peaks = (middle >= strength[:, :, :-2]) & (middle >= strength[:, :, 2:]) & (middle > MIN_LEVELS)
    near: NDArray[np.bool_] = peaks.copy()
    near[:, :, 1:] |= peaks[:, :, :-1]
    near[:, :, :-1] |= peaks[:, :, 1:]
    return near


def _lines(ridges: NDArray[np.bool_]) -> list[tuple[float, float, float]]:
    """Start and end offset in steps, and support, of the side itself and of the best lines beside it."""
    samples = ridges.shape[1]
    origin = round(INWARD_MM / STEP_MM)
    turns = np.arange(-MAX_TURN_STEPS, MAX_TURN_STEPS + 1)
    middle = np.arange(samples)
    index = np.rint(middle[:, None, None] + turns[:, None] * (POSITIONS - 0.5)).astype(np.intp)
    hits = ridges[np.arange(len(POSITIONS)), np.clip(index, 0, samples - 1)].mean(axis=2)
    best, support = hits.argmax(axis=1), hits.max(axis=1)
    lines = [(0.0, 0.0, float(support[origin - 1 : origin + 2].max()))]
    for at in np.argsort(-support, kind="stable"):
        if support[at] < MIN_SUPPORT or len(lines) > LINES_EACH:
            break
        turn = turns[best[at]] / 2
        if all(abs(at - origin - (line[0] + line[1]) / 2) > SAME_LINE_STEPS for line in lines):
            lines.append((at - origin - turn, at - origin + turn, float(support[at])))
    return lines


def _shifted(quad: Quad, ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quads [N, 4, 2] with the sides of one moved outward by [N, 4, 2] pixels at their start and end."""
    edge = quad[[1, 2, 3, 0]] - quad
    outward = np.stack([edge[:, 1], -edge[:, 0]], axis=1) / side_lengths(quad)[:, None]
    start = quad + ends[..., :1] * outward
    end = quad + edge + ends[..., 1:] * outward
    ones = np.ones((*start.shape[:2], 1))
    sides = np.cross(np.concatenate([start, ones], axis=2), np.concatenate([end, ones], axis=2))
    corners = np.cross(sides[:, [3, 0, 1, 2]], sides)
    return np.asarray(corners[..., :2] / corners[..., 2:], dtype=np.float64)
