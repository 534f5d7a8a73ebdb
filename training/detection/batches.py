"""Training batches of scenes, each a function of the seed and its number alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from edge.detection.networks.outline import DISTANCE_UNIT_PX, STRIDE_PX, ray_directions
from edge.geometry import Image, side_lengths, transform_points
from training.data.batches import made_ahead
from training.detection.close_ups import CLOSE_UPS, SCANS, close_up, scan
from training.detection.disturbances import cover, recoloured, turn
from training.detection.faces import OTHER_FACES, with_other_faces
from training.detection.holders import HELD, with_holders
from training.detection.mats import ON_DARK_MATS, on_dark_mat
from training.detection.scenes import MIN_VISIBLE, SmallScenes

# A cell is asked for the outline where its centre score is at least this.
ASKED_SCORE = 0.35
# Of the score's bell, as a share of the card's shorter side.
BELL = 0.16
_SCALES = (0.5, 1.25)
# Tilts, beyond those of the scenes: how much a picture is pressed together along some line, and how unevenly.
_TILTED = 0.4
_PRESSED = (0.6, 1.0)
_UNEVEN = 0.25
_COVERED = 0.35
# Of what is laid over the edge of a card, in its shorter sides.
_COVER_SIZES = (0.2, 1.0)

_Example = tuple[Image, NDArray[np.float32], NDArray[np.float32]]
"""A picture, the quads in it and the share of each that is seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """What the network should say of one picture.

    Attributes:
        score: float32 [h, w], 1 at the centre of each card, falling off around it.
        distances: float32 [RAYS, h, w], pixels from the cell to the outline of the card it belongs to.
        weight: float32 [h, w], how much the cell's distances count.
        certain: float32 [h, w], 0 where a card is hidden too much to say what the score should be.
    """

    score: NDArray[np.float32]
    distances: NDArray[np.float32]
    weight: NDArray[np.float32]
    certain: NDArray[np.float32]

    def planes(self) -> NDArray[np.float32]:
        """All in one, float32 [3 + RAYS, h, w]: score, weight, certain, distances."""
        return np.concatenate([np.stack([self.score, self.weight, self.certain]), self.distances])


class SceneBatches(Dataset[tuple[Tensor, Tensor]]):
    """Item k is a batch: pixels uint8 [N, 3, size, size] RGB, and the planes of their `Targets`."""

    def __init__(self, scenes: SmallScenes, images: int, size_px: int, seed: int) -> None:
        self.scenes = scenes
        self.images = images
        self.size_px = size_px
        self.seed = seed

    def loader(self, numbers: range, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of these numbers, made ahead by other processes."""
        return made_ahead(self, numbers, workers)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Make batch `number`."""
        pixels, targets = [], []
        for i in range(self.images):
            rng = np.random.default_rng([self.seed, number, i])
            picture, quads, visible = self._scan(rng) if rng.random() < SCANS else self._scene(rng)
            pixels.append(cv2.cvtColor(recoloured(picture, rng), cv2.COLOR_BGR2RGB).transpose(2, 0, 1))
            targets.append(make_targets(quads, visible, self.size_px).planes())
        return torch.from_numpy(np.stack(pixels)), torch.from_numpy(np.stack(targets))

    def _scan(self, rng: np.random.Generator) -> _Example:
        original = self.scenes.originals[rng.integers(len(self.scenes.originals))]
        return *scan(original, self.size_px, rng), np.ones(1, np.float32)

    def _scene(self, rng: np.random.Generator) -> _Example:
        index = int(rng.integers(len(self.scenes.images)))
        picture, quads, visible = self.scenes.images[index], self.scenes.quads[index], self.scenes.visible[index]
        if rng.random() < OTHER_FACES:
            picture = with_other_faces(picture, quads, visible, rng)
        if rng.random() < CLOSE_UPS and np.isfinite(quads).any():
            picture, quads = close_up(picture, quads, visible, self.size_px, rng)
        else:
            picture, quads = _moved(picture, quads, self.size_px, rng)
        if rng.random() < ON_DARK_MATS:
            picture = on_dark_mat(picture, quads, visible, rng)
        if rng.random() < HELD:
            picture = with_holders(picture, quads, visible, rng)
        if rng.random() < _COVERED:
            other = self.scenes.images[rng.integers(len(self.scenes.images))]
            _cover_edge(picture, quads, other[: self.size_px, : self.size_px], rng)
        return picture, quads, visible


def make_targets(quads: NDArray[np.float32], visible: NDArray[np.float32], size_px: int) -> Targets:
    """The targets of a picture.

    Args:
        quads: float32 [K, 4, 2], pixels; NaN where there is no card.
        visible: float32 [K], the share of each that is seen.
        size_px: height and width of the picture.
    """
    count = size_px // STRIDE_PX
    y, x = np.mgrid[:count, :count].astype(np.float32) * STRIDE_PX + (STRIDE_PX - 1) / 2
    score: NDArray[np.float32] = np.zeros((count, count), np.float32)
    certain: NDArray[np.float32] = np.ones((count, count), np.float32)
    distances: NDArray[np.float32] = np.full((len(ray_directions()), count, count), DISTANCE_UNIT_PX, np.float32)
    for quad, seen in zip(quads, visible, strict=True):
        if not np.isfinite(quad).all():
            continue
        centre = quad.mean(axis=0)
        side = min(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[1]))
        bell = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * (BELL * side) ** 2))
        column, row = np.clip(np.round((centre - (STRIDE_PX - 1) / 2) / STRIDE_PX), 0, count - 1).astype(int)
        if not (centre >= 0).all() or not (centre < size_px).all() or seen < MIN_VISIBLE:
            certain[bell > ASKED_SCORE / 2] = 0
            continue
        bell[row, column] = 1
        mine = bell > score
        score[mine] = bell[mine]
        asked = np.nonzero(mine & (bell >= ASKED_SCORE))
        distances[:, asked[0], asked[1]] = outline_distances(quad, np.stack([x[asked], y[asked]], axis=1)).T
    weight = np.where((score >= ASKED_SCORE) & (distances.min(axis=0) > 0), score, 0).astype(np.float32)
    return Targets(score=score, distances=np.maximum(distances, 1), weight=weight, certain=certain)


def outline_distances(quad: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far it is from points inside a convex quad to its outline, along each ray.

    Args:
        quad: float32 [4, 2], clockwise in pixels, y down.
        points: float32 [N, 2].

    Returns:
        float32 [N, RAYS]; not positive for points outside.
    """
    sides = np.roll(quad, -1, axis=0) - quad
    normals = np.stack([sides[:, 1], -sides[:, 0]], axis=1)
    reach = np.einsum("nkd,kd->nk", quad[None] - points[:, None], normals)
    speed = ray_directions() @ normals.T
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(speed[None] > 0, reach[:, None, :] / speed[None], np.inf)
    inside = (reach > 0).all(axis=1, keepdims=True)
    return np.where(inside, times.min(axis=2), 0).astype(np.float32)


def _moved(
    picture: Image, quads: NDArray[np.float32], size_px: int, rng: np.random.Generator
) -> tuple[Image, NDArray[np.float32]]:
    """Scale, turn, mirror, tilt and cut the picture, and move the quads with it."""
    side = round(size_px * float(np.exp(rng.uniform(*np.log(_SCALES)))))
    factor = side / picture.shape[0]
    scaled = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    slack = abs(side - size_px) / 2
    matrix = _shift((size_px - 1) / 2 + rng.uniform(-slack, slack, 2)) @ _motion(side, rng) @ _shift(-(side - 1) / 2)
    moved = cv2.warpPerspective(
        scaled,
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT,
        borderValue=[int(v) for v in rng.integers(0, 256, 3)],
    )
    corners = transform_points(matrix, ((quads + 0.5) * factor - 0.5).reshape(-1, 2)).reshape(quads.shape)
    mirrored = np.linalg.det(matrix[:2, :2]) < 0
    return np.asarray(moved, dtype=np.uint8), (corners[:, ::-1] if mirrored else corners).astype(np.float32)


def _motion(side_px: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A turn, sometimes mirrored or tilted, about the origin."""
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else rng.integers(4) * np.pi / 2
    motion = np.diag([1.0 if rng.random() < 0.5 else -1.0, 1.0, 1.0]) @ _turn(angle)
    if rng.random() < _TILTED:
        axis = rng.uniform(0, np.pi)
        motion = _turn(-axis) @ np.diag([1.0, rng.uniform(*_PRESSED), 1.0]) @ _turn(axis) @ motion
        uneven = np.eye(3)
        uneven[2, :2] = rng.uniform(-_UNEVEN, _UNEVEN, 2) / (side_px / 2)
        motion = uneven @ motion
    return np.asarray(motion)


def _shift(by: NDArray[np.float64] | float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[:2, 2] = by
    return matrix


def _turn(angle: float) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[:2, :2] = turn(angle)
    return matrix


def _cover_edge(picture: Image, quads: NDArray[np.float32], other: Image, rng: np.random.Generator) -> None:
    """Lay a piece of another picture of the same size over an edge of one of the cards."""
    cards = quads[np.isfinite(quads).all(axis=(1, 2))]
    if len(cards) == 0:
        return
    quad = cards[rng.integers(len(cards))]
    side = int(rng.integers(4))
    middle = quad[side] + rng.random() * (quad[(side + 1) % 4] - quad[side])
    extent = rng.uniform(*_COVER_SIZES, 2) * float(side_lengths(quad).min())
    cover(picture, other, middle, extent, rng)
