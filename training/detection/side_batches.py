"""Training batches of views of cards, from outlines that are wrong as proposals are."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from edge.detection.networks.sides import (
    CARD_WIDTH_PX,
    CELL_PX,
    COLUMNS,
    ROWS,
    SIDES,
    card_in_view,
    card_view,
)
from edge.geometry import Image, Quad, is_convex, transform_points
from training.data.batches import made_ahead
from training.detection.disturbances import cover, recoloured, turn
from training.detection.faces import OTHER_FACES, with_other_faces
from training.detection.scenes import MIN_VISIBLE, SmallScenes

# Standard deviations of what is wrong with an outline, as shares of the card's width; each example has all of it or, in
# the mean half of the time, a tenth.
SHIFT = 0.04
SCALE = 0.05
TURN = 0.04
CORNER = 0.035
TURNED_SIDEWAYS = 0.05
# Where something covers a whole side, a proposal takes the other thing's edge for the card's.
ONE_SIDE_WRONG = 0.3
ONE_SIDE = (-0.27, 0.12)
COVERED = 0.4
COVER_SIDES = ((0.15, 0.6), (0.15, 2.0))
# A side is known between the corners and this little beyond, in view pixels.
_BEYOND_PX = 6.0


class SideBatches(Dataset[tuple[Tensor, Tensor]]):
    """Item k is a batch: views uint8 [N, 3, VIEW_HEIGHT_PX, VIEW_WIDTH_PX] RGB, and `side_positions` of each."""

    def __init__(self, scenes: SmallScenes, views: int, seed: int) -> None:
        self.scenes = scenes
        self.views = views
        self.seed = seed
        size = scenes.images.shape[1]
        centre = scenes.quads.mean(axis=2)
        with np.errstate(invalid="ignore"):
            inside = ((centre > 0) & (centre < size)).all(axis=2)
        self.cards: NDArray[np.int64] = np.argwhere(inside & (scenes.visible >= MIN_VISIBLE))

    def loader(self, numbers: range, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of these numbers, made ahead by other processes."""
        return made_ahead(self, numbers, workers)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Make batch `number`."""
        examples = [self._example(np.random.default_rng([self.seed, number, i])) for i in range(self.views)]
        views, positions = zip(*examples, strict=True)
        return torch.from_numpy(np.stack(views)), torch.from_numpy(np.stack(positions))

    def _example(self, rng: np.random.Generator) -> tuple[Image, NDArray[np.float32]]:
        scene, card = self.cards[rng.integers(len(self.cards))]
        true: Quad = self.scenes.quads[scene, card].astype(np.float64)
        picture = self.scenes.images[scene]
        if rng.random() < OTHER_FACES:
            picture = with_other_faces(picture, self.scenes.quads[scene], self.scenes.visible[scene], rng)
        view, to_image = card_view(picture, disturbed(true, rng))
        seen = transform_points(np.asarray(np.linalg.inv(to_image), np.float64), true)
        seen = min((np.roll(seen, -k, axis=0) for k in range(4)), key=lambda q: float(np.abs(q - card_in_view()).sum()))
        if rng.random() < COVERED:
            _cover_view(view, self.scenes.images[rng.integers(len(self.scenes.images))], rng)
        view = recoloured(view, rng)
        if rng.random() < 0.5:
            view = view[:, ::-1]
            seen = (np.array([view.shape[1] - 1, 0]) + np.array([-1, 1]) * seen)[[1, 0, 3, 2]]
        return np.ascontiguousarray(view[..., ::-1].transpose(2, 0, 1)), side_positions(seen)


def disturbed(quad: Quad, rng: np.random.Generator) -> Quad:
    """A card's outline, made wrong as a proposal's is, starting with any side that may be taken for its top."""
    width = float(np.linalg.norm(quad[1] - quad[0]))
    quad = np.roll(quad, 2 * rng.integers(2) + (rng.random() < TURNED_SIDEWAYS), axis=0)
    for _ in range(10):
        amount = np.exp(rng.uniform(np.log(0.1), np.log(1.6)))
        turned = turn(amount * rng.normal(0, TURN))
        scale = 1 + amount * rng.normal(0, SCALE)
        centre = quad.mean(axis=0)
        moved = centre + scale * (quad - centre) @ turned.T
        moved = moved + amount * width * (rng.normal(0, SHIFT, 2) + rng.normal(0, CORNER, (4, 2)))
        if rng.random() < ONE_SIDE_WRONG:
            moved = _with_side_moved(moved, int(rng.integers(4)), rng.uniform(*ONE_SIDE) * width)
        if is_convex(moved):
            return np.asarray(moved)
    return quad


def _with_side_moved(quad: Quad, side: int, distance_px: float) -> Quad:
    """The outline with one side moved outwards, its ends along the two sides that it meets."""
    moved = quad.copy()
    for corner, other in ((side, side - 1), (side - 3, side - 2)):
        outward = quad[corner] - quad[other]
        moved[corner] += distance_px * outward / np.linalg.norm(outward)
    return moved


def side_positions(quad: Quad) -> NDArray[np.float32]:
    """Where the sides pass the columns (top, bottom) or rows (left, right) of a view, in cells.

    Args:
        quad: [4, 2] in view pixels, from the corner at the view's top left.

    Returns:
        float32 [SIDES, max(ROWS, COLUMNS)]; NaN where a side does not pass, or outside of the view.
    """
    found = np.full((SIDES, max(ROWS, COLUMNS)), np.nan, np.float32)
    for side, (start, end) in enumerate(zip(quad, np.roll(quad, -1, axis=0), strict=True)):
        along, across, places, bins = (0, 1, COLUMNS, ROWS) if side % 2 == 0 else (1, 0, ROWS, COLUMNS)
        at = CELL_PX * np.arange(places) + (CELL_PX - 1) / 2
        low, high = sorted((start[along], end[along]))
        if high - low < CARD_WIDTH_PX / 2:
            continue
        line = start[across] + (at - start[along]) * (end[across] - start[across]) / (end[along] - start[along])
        cell = (line - (CELL_PX - 1) / 2) / CELL_PX
        passes = (at >= low - _BEYOND_PX) & (at <= high + _BEYOND_PX) & (cell >= 0) & (cell <= bins - 1)
        found[side, :places][passes] = cell[passes]
    return found


def _cover_view(view: Image, other: Image, rng: np.random.Generator) -> None:
    """Lay a convex piece of another picture over a part of the view, unless that would hide much of the card."""
    height, width = view.shape[:2]
    size = np.array([rng.uniform(*share) for share in COVER_SIDES]) * width
    left, top = rng.integers(0, other.shape[1] - width), rng.integers(0, other.shape[0] - height)
    (x0, y0), (x1, y1) = np.round(card_in_view()[[0, 2]]).astype(int)
    cover(
        view,
        other[top : top + height, left : left + width],
        rng.uniform(0, (width, height)),
        size * rng.uniform(0.8, 1.2, (4, 1)),
        rng,
        spared=(slice(y0, y1), slice(x0, x1)),
    )
