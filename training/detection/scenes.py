"""Small simulated scenes and the outlines in them, rendered once and held in memory-mapped files."""

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge import simulator
from edge.simulator.conditions import PRESETS
from edge.simulator.scene import Scene, random_scene, render_scene
from edge.simulator.sets import training_cards
from training.data.references import simulated_references
from training.data.whole_files import begin_pictures, kept_or_made, mapped_pictures, whole_file
from training.progress import Progress, to_stderr

MOST_CARDS = 12
MIN_VISIBLE = 0.3
CARDS = 4000
ORIGINALS = 600
FIRST_SEED = 50_000_000
# Every preset, the hard ones more often.
CONDITIONS = (
    *PRESETS,
    *("everything",) * 8,
    *("many",) * 3,
    *("occluded_20", "finger", "glare", "clutter", "low_contrast", "sleeved") * 2,
)
# A frame of this height is what `Conditions` speaks of; blur and noise shrink with the picture.
_NOMINAL_PX = 1520
_SHARD = 50

_Shard = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]
"""Images, quads and visible shares of some of the scenes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallScenes:
    """Scenes with known cards.

    Attributes:
        images: uint8 [N, size, size, 3], BGR; memory-mapped, never written to.
        quads: float32 [N, MOST_CARDS, 4, 2], pixels, clockwise from each card's own top-left; NaN where there is none.
        visible: float32 [N, MOST_CARDS], the share of each card that is seen.
        originals: uint8 [M, H, W, 3], BGR, the pictures of some of the cards; memory-mapped, never written to.
    """

    images: NDArray[np.uint8]
    quads: NDArray[np.float32]
    visible: NDArray[np.float32]
    originals: NDArray[np.uint8]


def small_scenes(count: int, size_px: int, cache: Path, workers: int = 2) -> SmallScenes:
    """Render scenes of training cards, or map what was rendered before.

    Args:
        count: of scenes.
        size_px: height and width of each.
        cache: folder that keeps what was rendered.
        workers: processes.

    Raises:
        OSError: if the cache cannot be written.
    """
    digest = hashlib.sha256(repr((count, size_px, CARDS, FIRST_SEED, CONDITIONS, PRESETS)).encode())
    for source in sorted(Path(simulator.__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    folder = cache / f"scenes-{digest.hexdigest()[:24]}"
    images, quads, visible = kept_or_made(
        folder / "visible.npy", partial(_kept, folder), partial(_render, folder, count, size_px, workers)
    )
    originals = simulated_references(training_cards(CARDS)[: min(count, ORIGINALS)], cache, workers).images
    return SmallScenes(images=images, quads=quads, visible=visible, originals=originals)


def _kept(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]] | None:
    """Images, quads and visible shares that were rendered; None unless all are whole."""
    images = mapped_pictures(folder / "images.npy")
    try:
        quads, visible = np.load(folder / "quads.npy"), np.load(folder / "visible.npy")
    except (OSError, ValueError, EOFError):
        return None
    return None if images is None else (images, quads, visible)


def _render(folder: Path, count: int, size_px: int, workers: int) -> None:
    """Write the files; `visible.npy` comes last, when the others are complete."""
    to_stderr(f"rendering {count} simulated scenes, which are kept in {folder}\n")
    progress = Progress(count, "scenes")
    quads: NDArray[np.float32] = np.full((count, MOST_CARDS, 4, 2), np.nan, np.float32)
    visible: NDArray[np.float32] = np.zeros((count, MOST_CARDS), np.float32)
    starts = range(0, count, _SHARD)
    with (
        whole_file(folder / "images.npy") as pictures,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        begin_pictures(pictures, (count, size_px, size_px, 3))
        shards = pool.map(partial(_shard, size_px), [range(s, min(s + _SHARD, count)) for s in starts])
        for start, (images, *truth) in zip(starts, shards, strict=True):
            rows = slice(start, start + len(images))
            quads[rows], visible[rows] = truth
            pictures.write(images.tobytes())
            progress.add(len(images))
    for name, array in (("quads.npy", quads), ("visible.npy", visible)):
        with whole_file(folder / name) as file:
            np.save(file, array)


def _shard(size_px: int, numbers: Sequence[int]) -> _Shard:
    cv2.setNumThreads(1)
    cards = training_cards(CARDS)
    images: NDArray[np.uint8] = np.empty((len(numbers), size_px, size_px, 3), np.uint8)
    quads: NDArray[np.float32] = np.full((len(numbers), MOST_CARDS, 4, 2), np.nan, np.float32)
    visible: NDArray[np.float32] = np.zeros((len(numbers), MOST_CARDS), np.float32)
    for i, number in enumerate(numbers):
        conditions = PRESETS[CONDITIONS[number % len(CONDITIONS)]]
        scene = random_scene(FIRST_SEED + number, cards, conditions, (size_px, size_px))
        images[i], truth = render_scene(_as_if_reduced(scene, size_px))
        for k, card in enumerate(truth.cards[:MOST_CARDS]):
            quads[i, k], visible[i, k] = card.quad, card.visible_fraction
    return images, quads, visible


def _as_if_reduced(scene: Scene, size_px: int) -> Scene:
    """The scene with the blur and noise that a picture of full size has once it is reduced to this one."""
    factor = size_px / _NOMINAL_PX
    sensor, (x, y) = scene.sensor, scene.sensor.motion_px
    noise = math.sqrt(factor)
    return replace(
        scene,
        sensor=replace(
            sensor,
            defocus_px=max(factor * sensor.defocus_px, 0.3),
            motion_px=(factor * x, factor * y),
            read_noise=noise * sensor.read_noise,
            shot_noise=noise * sensor.shot_noise,
        ),
    )
