"""What each method makes of the gallery and of the crops: unit vectors, whatever the method."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from edge.embedding.base import Embedder
from edge.geometry import Image
from edge.imaging.hashing import perceptual_hash
from edge.imaging.rectification import upside_down
from training.data.gallery import GalleryImage
from training.evaluation.crops import CropJob, render_crop
from training.evaluation.held_out import HeldOut
from training.parallel.processes import in_processes
from training.parallel.sharding import Shard, gathered, share_of

MODEL, UNTRAINED = "model", "untrained"
HASH_SIZES = (8, 16, 32)
_BATCH = 16
_PROGRESS_EVERY = 160

Vectors = NDArray[np.float32]
Rows = dict[str, Vectors]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredVectors:
    """Unit vectors by method.

    Attributes:
        gallery: method -> float32 [2 N, D], the N images of the gallery upright, then upside down.
        queries: method -> float32 [M, D], the crops.
    """

    gallery: Mapping[str, Vectors]
    queries: Mapping[str, Vectors]


def hash_name(size: int) -> str:
    """What the perceptual hash of `size` x `size` bits is called."""
    return f"hash {size} x {size}"


def measure_vectors(
    embedders: Mapping[str, Embedder], cards: HeldOut, jobs: Sequence[CropJob], workers: int, shard: Shard
) -> MeasuredVectors:
    """Embed and hash the gallery, and a crop for each job; several processes share both.

    Raises:
        ImageError: naming the picture that cannot be read.
        InferenceError: if a model fails.
    """
    upright, turned = _Collector(), _Collector()
    for batch in _batches(in_processes(_load, share_of(cards.gallery, shard), workers), "references"):
        upright.extend(_vectors(embedders, batch))
        turned.extend(_vectors(embedders, [upside_down(card) for card in batch]))
    seen = _Collector()
    for batch in _batches(in_processes(render_crop, share_of(jobs, shard), workers), "crops"):
        seen.extend(_vectors(embedders, batch))
    both = upright.gathered(shard), turned.gathered(shard)
    return MeasuredVectors(
        gallery={method: np.concatenate([part[method] for part in both]) for method in both[0]},
        queries=seen.gathered(shard),
    )


class _Collector:
    """Rows of each method, as they are made."""

    def __init__(self) -> None:
        self._parts: list[Rows] = []

    def extend(self, rows: Rows) -> None:
        self._parts.append(rows)

    def gathered(self, shard: Shard) -> Rows:
        """All processes' rows in the order of what they were made of."""
        own = [dict(zip(part, rows, strict=True)) for part in self._parts for rows in zip(*part.values(), strict=True)]
        everything = gathered(own, shard)
        return {method: np.stack([rows[method] for rows in everything]) for method in everything[0]}


def _load(image: GalleryImage) -> Image:
    return image.load()


def _batches(cards: Iterator[Image], what: str) -> Iterator[list[Image]]:
    done = 0
    while batch := list(islice(cards, _BATCH)):
        yield batch
        done += len(batch)
        if done % _PROGRESS_EVERY < _BATCH:
            sys.stderr.write(f"{done} {what}\n")


def _vectors(embedders: Mapping[str, Embedder], cards: Sequence[Image]) -> Rows:
    rows: Rows = {name: embedder.embed(cards) for name, embedder in embedders.items()}
    hashed: Mapping[str, Callable[[Image], Vectors]] = {hash_name(size): _signs(size) for size in HASH_SIZES}
    return rows | {name: np.stack([of(card) for card in cards]) for name, of in hashed.items()}


def _signs(size: int) -> Callable[[Image], Vectors]:
    """The hash as a unit vector: the cosine distance of two is twice the share of bits that differ."""

    def of(card: Image) -> Vectors:
        bits = np.unpackbits(perceptual_hash(card, size), count=size * size).astype(np.float32)
        return (2 * bits - 1) / np.float32(size)

    return of
