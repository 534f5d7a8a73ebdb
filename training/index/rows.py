"""The rows of a card database: what the model makes of each image, taken from the former database where it can be."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from edge.centering.registration.original import print_reference
from edge.database.bundle import open_manifest
from edge.database.hashes import card_hash
from edge.database.vectors import open_vectors
from edge.embedding.base import Embedder
from edge.errors import DatabaseError
from edge.geometry import Image
from edge.imaging.hashing import Hash
from edge.imaging.print_reference import PrintReference
from edge.imaging.rectification import upside_down
from edge.manifests import DatabaseManifest, ModelManifest
from training.data.fingerprints import Fingerprint, fingerprint
from training.data.gallery import GalleryImage
from training.index.broken import broken_first
from training.index.kept import KeptImages
from training.index.prepared import Both, PreparedImage
from training.index.progress import BuildProgress
from training.parallel.processes import in_processes
from training.parallel.sharding import Shard, gathered, share_of

SOURCES_FILE = "sources.json"
_BATCH = 16

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Former:
    """The database that is replaced.

    Attributes:
        manifest: of it.
        embeddings: SHA-256 of an image's pixels -> float32 [2, dimension], upright and upside down.
    """

    manifest: DatabaseManifest
    embeddings: Mapping[str, Both]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Examined:
    """What needs no model: of `PreparedImage`, and the card at the model's size, upright and upside down, uint8 BGR."""

    seen: tuple[Image, Image]
    digest: str
    fingerprint: Fingerprint
    hash: Hash
    reference: PrintReference | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Build:
    """What a build can begin with.

    Attributes:
        former: the database that it replaces, if there is a usable one.
        kept: folder of what was made of images.
    """

    former: Former | None
    kept: Path

    @property
    def known(self) -> Mapping[str, Both]:
        """Embeddings of the former database, as `Former.embeddings`."""
        return self.former.embeddings if self.former else {}


def read_former(path: Path, model: ModelManifest) -> Former | None:
    """The database at `path`, if there is one whose embeddings are those of `model`; a damaged one is none."""
    try:
        manifest = open_manifest(path, model)
        digests = json.loads((path / SOURCES_FILE).read_bytes())
        rows = np.array(open_vectors(path, manifest).embeddings).reshape(2, len(digests), manifest.dimension)
    except (DatabaseError, OSError, ValueError, TypeError):
        return None
    return Former(manifest=manifest, embeddings={digest: rows[:, row] for row, digest in enumerate(digests)})


def prepare_images(
    embedder: Embedder, images: Sequence[GalleryImage], build: Build, workers: int, shard: Shard
) -> list[PreparedImage | str]:
    """Decode every image that is new once, and embed those that the former database does not hold.

    Files that look broken come first, and what cannot be used is said at once.

    Args:
        embedder: of the model.
        images: of the database.
        build: what is known already, and where it is kept.
        workers: processes that decode.
        shard: this process among those that share the work.

    Returns:
        What the index needs of each image, or why it cannot be used.

    Raises:
        DatabaseError: if what was made cannot be kept.
        InferenceError: if the model fails.
    """
    share = share_of(images, shard)
    with closing(KeptImages(build.kept, embedder.manifest, shard.rank)) as kept:
        own: list[PreparedImage | str | None] = [kept.of(image) for image in share]
        new = broken_first(share, [number for number, each in enumerate(own) if each is None])
        examine = partial(_examine, (embedder.manifest.preprocessing.width, embedder.manifest.preprocessing.height))
        progress = BuildProgress(len(new), len(share) - len(new))
        examined = in_processes(examine, [share[number] for number in new], workers)
        for numbers, batch in zip(_batches(new), _batches(examined), strict=True):
            prepared = _prepared(embedder, [each for each in batch if isinstance(each, _Examined)], build.known)
            made = [each if isinstance(each, str) else next(prepared) for each in batch]
            kept.add([(share[n], each) for n, each in zip(numbers, made, strict=True) if not isinstance(each, str)])
            for number, each in zip(numbers, made, strict=True):
                own[number] = each
            progress.add(made)
        outcomes = gathered([each for each in own if each is not None], shard)
        if shard.rank == 0:
            kept.keep_only(images)
    return outcomes


def usable_rows(
    images: Sequence[GalleryImage], prepared: Sequence[PreparedImage | str]
) -> tuple[list[GalleryImage], list[PreparedImage]]:
    """Both without the images that cannot be used; where that is a card's first one, its next takes the place.

    Raises:
        ImageError: if an image can no longer be read.
    """
    seen: Counter[str] = Counter()
    kept: list[GalleryImage] = []
    rows: list[PreparedImage] = []
    for image, each in zip(images, prepared, strict=True):
        if isinstance(each, str):
            continue
        first = seen[image.card_id] == 0 and each.reference is None
        kept.append(replace(image, variant=seen[image.card_id]))
        rows.append(replace(each, reference=print_reference(image.load(), image.card_id)) if first else each)
        seen[image.card_id] += 1
    return kept, rows


def equal_images(images: Sequence[GalleryImage], prepared: Sequence[PreparedImage]) -> list[tuple[str, ...]]:
    """Groups of different cards whose images have equal pixels: a placeholder that stands for several shows here."""
    groups: dict[str, dict[str, None]] = {}
    for image, each in zip(images, prepared, strict=True):
        groups.setdefault(each.digest, {})[image.card_id] = None
    return [tuple(cards) for cards in groups.values() if len(cards) > 1]


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _examine(size: tuple[int, int], image: GalleryImage) -> _Examined | str:
    """What needs no model, or why the image cannot be used."""
    card = image.load_or_say()
    if isinstance(card, str):
        return card
    return _Examined(
        seen=(_at_size(card, size), _at_size(upside_down(card), size)),
        digest=hashlib.sha256(card.tobytes()).hexdigest(),
        fingerprint=fingerprint(card),
        hash=card_hash(card),
        reference=print_reference(card, image.card_id) if image.variant == 0 else None,
    )


def _at_size(card: Image, size: tuple[int, int]) -> Image:
    """As `edge.imaging.preprocessing.preprocess` makes it smaller, which leaves this as it is."""
    return np.asarray(cv2.resize(card, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _prepared(embedder: Embedder, batch: Sequence[_Examined], known: Mapping[str, Both]) -> Iterator[PreparedImage]:
    new = [each.seen for each in batch if each.digest not in known]
    fresh = iter(np.stack([embedder.embed([seen[turn] for seen in new]) for turn in (0, 1)], axis=1))
    for each in batch:
        embedded = each.digest not in known
        yield PreparedImage(
            digest=each.digest,
            fingerprint=each.fingerprint,
            hash=each.hash,
            embeddings=next(fresh) if embedded else known[each.digest],
            embedded=embedded,
            reference=each.reference,
        )
