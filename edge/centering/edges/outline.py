"""The card's outer edges: which of the straight edges near a rough outline are the card's, and where its corners lie.

A sleeve shows a second outline around the card's, and the printed frame a third within it. The card's own is known by
its corners: they are rounded by about 3 mm, so that on the diagonal the material ends 1.24 mm inside the sharp corner.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.curves import crossings
from edge.centering.edges.hough import MIN_COVERAGE, find_edges
from edge.centering.edges.lines import Line
from edge.centering.edges.strips import LENGTH_MM, Floats, card_to_image, sample_strip, side_to_card
from edge.errors import MeasurementError
from edge.geometry import CORNER_RADIUS_MM, SIDES, Image, Quad, Side, transform_points

# geometry: 2 mm by which a rough outline may be off, and the 1.4 mm that a sleeve of 66 x 91 mm reaches beyond its
# card.
SEARCH_MM = 3.4
# chosen: what is searched is no finer; between profiles.
SEARCH_PX_PER_MM, SEARCH_SPACING_MM = 8.0, 1.0
# chosen: lines of each side that are combined, by nearness and by how much of the side shows them.
CANDIDATES_PER_SIDE = 4
# chosen: what a line seen along its whole side counts, the strongest one, and each millimetre from the rough outline;
# and each millimetre (standard deviation) by which the four sides have moved apart. A rounded corner counts 1.
COVERAGE_WEIGHT, STRENGTH_WEIGHT, DISTANCE_WEIGHT, SPREAD_WEIGHT = 0.5, 0.3, 0.12, 0.25
# chosen: a corner is rounded if this share of the change along its diagonal lies where a rounding ends.
MIN_ROUNDNESS = 0.5
# chosen: squared change, in grey levels, below which a corner shows nothing.
MIN_CORNER_CHANGE = 150.0
# geometry: a sleeve's outline lies further out than any cut or shadow, on three sides or more.
SLEEVE_MM, _SLEEVE_SIDES = 0.8, 3

_CORNERS: tuple[tuple[Side, Side], ...] = (("left", "top"), ("right", "top"), ("right", "bottom"), ("left", "bottom"))
# geometry: from each corner into the card.
_INWARD = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
# geometry: on the diagonal a rounding of radius r ends r * (sqrt(2) - 1) from the sharp corner. Of 3 mm it is on most
# cards, on the oldest ones of 4 to 5 mm.
_ROUNDING_MM = CORNER_RADIUS_MM * (np.sqrt(2) - 1)
_LARGEST_ROUNDING_MM = 5.0 * (np.sqrt(2) - 1)
# numerics: where the diagonal is read, and beside it.
_BESIDE_MM = np.array([-0.25, 0.0, 0.25])
_DIAGONAL_MM = np.arange(-0.8, 2.41, 0.1)
# chosen: how near the end of a rounding of 3 mm a change counts whole, and what it counts up to one of 5 mm.
ROUNDING_REACH_MM, LARGER_WEIGHT = 0.45, 0.6
_LINES_TO_CARD = {side: np.linalg.inv(side_to_card(side)).T for side in SIDES}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutOutline:
    """The outer edges of a card.

    Attributes:
        quad: sharp corners [4, 2] in image pixels, in the order of the rough outline.
        rounded_corners: how many of the four corners look like a card's.
        edges_around: whether another outline (a sleeve's) lies around the one chosen.
    """

    quad: Quad
    rounded_corners: int
    edges_around: bool


def find_outline(image: Image, quad: Quad, px_per_mm: float) -> CutOutline:
    """Find the card's edges near a rough outline.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: card quad, within about 2 mm; it may be a sleeve's.
        px_per_mm: scale of the card in the image.

    Raises:
        MeasurementError: when a side shows no straight edge, or it cannot be told which is the card's.
    """
    card = card_to_image(quad)
    candidates = _candidates(image, card, min(px_per_mm, SEARCH_PX_PER_MM))
    for side, lines in candidates.items():
        if not lines:
            raise MeasurementError(
                f"no straight card edge on {MIN_COVERAGE:.0%} of the {side} side: it is hidden, out of the picture or "
                "too like the ground"
            )
    roundness = _roundness(image, card, candidates)
    return _best(card, candidates, roundness)


def rounded_corners(image: Image, quad: Quad) -> int:
    """How many of a quad's four corners are rounded as a card's are.

    Args:
        image: uint8 [H, W, 3] BGR.
        quad: sharp corners [4, 2] in image pixels, right to a few tenths of a millimetre.
    """
    card = card_to_image(quad)
    corners = transform_points(np.asarray(np.linalg.inv(card), dtype=np.float64), quad)
    return int(np.count_nonzero(_corner_scores(image, card, corners, np.arange(4)) > MIN_ROUNDNESS))


def corner_points(lines: Mapping[Side, tuple[float, float]]) -> Floats:
    """Corners [4, 2] in card millimetres of four lines, each given as s and ds/dt at the middle of its side."""
    equations = {side: side_equation(side, *line) for side, line in lines.items()}
    first, second = (np.array([equations[corner[k]] for corner in _CORNERS]) for k in (0, 1))
    return crossings(first, second)


def side_equation(side: Side, position_mm: float, slope: float) -> Floats:
    """The line s = position + slope * (t - middle) as coefficients [3] of a x + b y + c = 0 in card millimetres."""
    strip_line = np.array([1.0, -slope, -position_mm + slope * LENGTH_MM[side] / 2])
    return np.asarray(_LINES_TO_CARD[side] @ strip_line, dtype=np.float64)


def _candidates(image: Image, card: Floats, px_per_mm: float) -> dict[Side, list[Line]]:
    across_mm = -SEARCH_MM, SEARCH_MM
    strips = [sample_strip(image, card, side, across_mm, px_per_mm, SEARCH_SPACING_MM) for side in SIDES]
    return {
        side: sorted(found.lines, key=lambda line: abs(line.position_mm) - line.coverage)[:CANDIDATES_PER_SIDE]
        for side, found in zip(SIDES, find_edges(strips, MIN_COVERAGE), strict=True)
    }


def _roundness(image: Image, card: Floats, candidates: Mapping[Side, Sequence[Line]]) -> list[Floats]:
    """For each corner and pair of candidate lines: how much the corner looks rounded as a card's is, 0 to 1."""
    lines = {
        side: np.array([side_equation(side, line.position_mm, line.slope) for line in found])
        for side, found in candidates.items()
    }
    pairs, points = [], []
    for corner, (first, second) in enumerate(_CORNERS):
        pairs += [(corner, i, j) for i, j in itertools.product(range(len(lines[first])), range(len(lines[second])))]
        points.append(crossings(lines[first][:, None], lines[second][None]).reshape(-1, 2))
    scores = _corner_scores(image, card, np.concatenate(points), np.array([corner for corner, _, _ in pairs]))
    found = [np.zeros((len(candidates[first]), len(candidates[second]))) for first, second in _CORNERS]
    for (corner, i, j), score in zip(pairs, scores, strict=True):
        found[corner][i, j] = float(score)
    return found


def _corner_scores(image: Image, card: Floats, points_mm: Floats, corners: NDArray[np.integer]) -> Floats:
    """Share of the colour change along each corner's diagonal that lies where a card's rounding ends, [K]."""
    inward = _INWARD[corners]
    across = inward[:, ::-1] * np.array([1.0, -1.0])
    grid = (
        points_mm[:, None, None, :]
        + np.sqrt(0.5) * _DIAGONAL_MM[None, :, None, None] * inward[:, None, None, :]
        + np.sqrt(0.5) * _BESIDE_MM[None, None, :, None] * across[:, None, None, :]
    )
    where = transform_points(card, grid.reshape(-1, 2)).astype(np.float32).reshape(len(points_mm), -1, 2)
    sampled = cv2.remap(image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
        np.float32
    )
    profile = sampled.reshape(len(points_mm), len(_DIAGONAL_MM), len(_BESIDE_MM), 3).mean(axis=2)
    change = np.linalg.norm(profile[:, 2:] - profile[:, :-2], axis=2) ** 2
    total = change.sum(axis=1)
    return np.asarray(np.where(total > MIN_CORNER_CHANGE, change @ _rounding_weights() / np.maximum(total, 1e-6), 0.0))


def _rounding_weights() -> Floats:
    """What changes along a diagonal count: whole at the end of a rounding of 3 mm, less up to one of 5 mm."""
    ends = _DIAGONAL_MM[1:-1]
    larger = np.where((ends > _ROUNDING_MM) & (ends < _LARGEST_ROUNDING_MM), LARGER_WEIGHT, 0.0)
    return np.asarray(np.where(np.abs(ends - _ROUNDING_MM) < ROUNDING_REACH_MM, 1.0, larger), dtype=np.float64)


def _best(card: Floats, candidates: Mapping[Side, Sequence[Line]], roundness: Sequence[Floats]) -> CutOutline:
    """The combination of candidates with the best merit."""
    merits = _merits(candidates, roundness)
    best = tuple(map(int, np.unravel_index(merits.argmax(), merits.shape)))
    rounded = [
        roundness[k][best[SIDES.index(a)], best[SIDES.index(b)]] > MIN_ROUNDNESS for k, (a, b) in enumerate(_CORNERS)
    ]
    outside = [
        any(other.position_mm < lines[k].position_mm - SLEEVE_MM for other in lines)
        for k, lines in zip(best, (candidates[side] for side in SIDES), strict=True)
    ]
    return CutOutline(
        quad=transform_points(card, _corners(candidates, best)),
        rounded_corners=sum(map(bool, rounded)),
        edges_around=sum(outside) >= _SLEEVE_SIDES,
    )


def _corners(candidates: Mapping[Side, Sequence[Line]], index: Sequence[int]) -> Floats:
    lines = {side: candidates[side][k] for side, k in zip(SIDES, index, strict=True)}
    return corner_points({side: (line.position_mm, line.slope) for side, line in lines.items()})


def _merits(candidates: Mapping[Side, Sequence[Line]], roundness: Sequence[Floats]) -> Floats:
    """For all combinations of candidates: rounded corners, votes, strength, nearness to the rough outline, offset."""
    score = np.zeros(tuple(len(candidates[side]) for side in SIDES))
    for axis, side in enumerate(SIDES):
        strongest = max(line.strength for line in candidates[side])
        merit = [
            COVERAGE_WEIGHT * line.coverage
            + STRENGTH_WEIGHT * line.strength / strongest
            - DISTANCE_WEIGHT * abs(line.position_mm)
            for line in candidates[side]
        ]
        score += _along(np.array(merit), (axis,), len(SIDES))
    for corner, (first, second) in enumerate(_CORNERS):
        axes = SIDES.index(first), SIDES.index(second)
        score += _along(roundness[corner], axes, len(SIDES))
    places = [_along(np.array([line.position_mm for line in candidates[s]]), (k,), 4) for k, s in enumerate(SIDES)]
    score -= SPREAD_WEIGHT * np.std(np.stack(np.broadcast_arrays(*places)), axis=0)
    return score


def _along(values: Floats, axes: tuple[int, ...], dimensions: int) -> Floats:
    """Reshape so that the array's axes stand at `axes` of an array with so many dimensions, ready to be broadcast."""
    ordered = values if tuple(axes) == tuple(sorted(axes)) else values.T
    shape = [1] * dimensions
    for axis, length in zip(sorted(axes), ordered.shape, strict=True):
        shape[axis] = length
    return ordered.reshape(shape)
