"""How near a network sees held-out cards to themselves under each condition, on crops that are made once and kept."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.imaging.rectification import upside_down
from training.data.gallery import GalleryImage
from training.data.references import References
from training.errors import TrainingError
from training.evaluation.crops import CONDITIONS, CropJob, render_crop
from training.evaluation.held_out import chosen
from training.evaluation.nearest_cards import nearest_cards
from training.parallel.processes import in_processes

FIRST_SEED = 3_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConditionQueries:
    """Crops of the same cards under each condition.

    Attributes:
        conditions: C names.
        pixels: uint8 [C, Q, height, width, 3] BGR, memory-mapped.
        shown: int64 [Q], number of the reference that each crop shows.
        key: hash of what the crops are made of, and of how some of them look.
    """

    conditions: tuple[str, ...]
    pixels: NDArray[np.uint8]
    shown: NDArray[np.int64]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConditionDistances:
    """How far Q crops under each of C conditions are from the cards.

    Attributes:
        own: float32 [C, Q], cosine distance to the nearest image of the art that is shown.
        other: float32 [C, Q], to the nearest image of any other art.
    """

    own: NDArray[np.float32]
    other: NDArray[np.float32]

    def recalled(self) -> NDArray[np.bool_]:
        """Bool [C, Q], whether the art that is shown is the nearest."""
        return np.asarray(self.own < self.other)

    def confirmed(self, false_accept_rate: float) -> NDArray[np.bool_]:
        """Bool [C, Q], whether the art is nearer than the threshold that so many of all crops are to another one."""
        return np.asarray(self.own < np.quantile(self.other, false_accept_rate))


def condition_queries(
    references: References, count: int, size: tuple[int, int], cache: Path, workers: int
) -> ConditionQueries:
    """Photograph `count` of the cards under each condition, or map the file in `cache` where that was done before.

    Args:
        references: cards that are never learnt.
        count: of crops under each condition; the cards come in a random order, each about equally often.
        size: width and height of the crops in pixels.
        cache: folder to keep them in; it exists.
        workers: processes that make them.

    Raises:
        TrainingError: if they cannot be written.
    """
    numbers = chosen(range(len(references.labels)), count, seed=0)
    faces = {number: np.array(references.images[number]) for number in set(numbers)}
    jobs = [
        CropJob(
            image=GalleryImage(card_id=references.card_ids[number], variant=0, load=partial(_face, faces[number])),
            condition=condition,
            seed=FIRST_SEED + place * count + i,
        )
        for place, condition in enumerate(CONDITIONS)
        for i, number in enumerate(numbers)
    ]
    make = partial(_query, size)
    key = _key(jobs, [make(job) for job in jobs[::count]])
    path = cache / f"queries-{key}.npy"
    if not path.exists():
        _render(jobs, make, size, path, workers)
    pixels = np.load(path, mmap_mode="r")
    return ConditionQueries(
        conditions=tuple(CONDITIONS),
        pixels=pixels.reshape(len(CONDITIONS), count, *pixels.shape[1:]),
        shown=np.array(numbers, np.int64),
        key=key,
    )


def condition_distances(
    embed: Callable[[list[Image]], NDArray[np.float32]], references: References, queries: ConditionQueries
) -> ConditionDistances:
    """Search every query among the references, both ways up.

    Args:
        embed: gives unit rows [N, dimension] for cards of any size.
        references: those that the queries were made of.
        queries: to search.
    """
    cards = [np.asarray(image) for image in references.images]
    gallery = np.concatenate([embed(cards), embed([upside_down(card) for card in cards])])
    arts = np.tile(references.labels, 2)
    truth = references.labels[queries.shown]
    found = [nearest_cards(gallery, arts, embed(list(crops)), truth.tolist()) for crops in queries.pixels]
    others = [np.where(answers.cards == truth[:, None], np.inf, answers.distances).min(axis=1) for answers in found]
    return ConditionDistances(own=np.stack([answers.own for answers in found]), other=np.stack(others))


def _face(pixels: Image) -> Image:
    return pixels


def _query(size: tuple[int, int], job: CropJob) -> Image:
    return np.asarray(cv2.resize(render_crop(job), size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _key(jobs: Sequence[CropJob], samples: Sequence[Image]) -> str:
    """Hash of the jobs, and of how some of them come out as the code makes them now."""
    digest = hashlib.sha256(repr([(job.image.card_id, job.condition, job.seed) for job in jobs]).encode())
    for sample in samples:
        digest.update(sample.tobytes())
    return digest.hexdigest()[:24]


def _render(
    jobs: Sequence[CropJob], make: Callable[[CropJob], Image], size: tuple[int, int], path: Path, workers: int
) -> None:
    """Write all crops to `path`, which appears only when it is complete."""
    unfinished = path.with_suffix(".partial.npy")
    try:
        pixels = np.lib.format.open_memmap(
            unfinished, mode="w+", dtype=np.uint8, shape=(len(jobs), size[1], size[0], 3)
        )
        for number, crop in enumerate(in_processes(make, jobs, workers)):
            pixels[number] = crop
        pixels.flush()
        unfinished.rename(path)
    except OSError as cause:
        raise TrainingError(f"cannot write the crops {path}: {cause.strerror or cause}") from cause
