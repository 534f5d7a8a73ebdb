"""The rows of a card database: what the model makes of each image, taken from the former database where it can be."""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.centering.registration.original import print_reference
from edge.centering.registration.reference import PrintReference
from edge.database.bundle import open_manifest
from edge.database.vectors import open_vectors
from edge.embedding.base import Embedder
from edge.errors import DatabaseError
from edge.geometry import Image
from edge.imaging.rectification import upside_down
from edge.manifests import DatabaseManifest, ModelManifest
from training.data.gallery import GalleryImage
from training.data.lookalikes import Fingerprint, fingerprint
from training.parallel.processes import in_processes
from training.parallel.sharding import Shard, gathered, share_of

SOURCES_FILE = "sources.json"
_BATCH = 16
_PROGRESS_EVERY = 320

Both = NDArray[np.float32]


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
class PreparedImage:
    """What the index needs of one image.

    Attributes:
        digest: SHA-256 of its pixels, hexadecimal.
        fingerprint: for finding look-alikes.
        embeddings: float32 [2, dimension], upright and upside down.
        embedded: whether the model was run for it.
        reference: for measuring centering; None of all images of a card but the first.
    """

    digest: str
    fingerprint: Fingerprint
    embeddings: Both
    embedded: bool
    reference: PrintReference | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Examined:
    """What needs no model: of `PreparedImage`, and the upright card, uint8 [704, 504, 3] BGR."""

    card: Image
    digest: str
    fingerprint: Fingerprint
    reference: PrintReference | None


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
    embedder: Embedder, images: Sequence[GalleryImage], former: Former | None, workers: int, shard: Shard
) -> list[PreparedImage | str]:
    """Decode every image once, and embed those that the former database does not hold; several processes share both.

    Returns:
        What the index needs of each image, or why it cannot be used.

    Raises:
        InferenceError: if the model fails.
    """
    known = former.embeddings if former else {}
    own: list[PreparedImage | str] = []
    share = share_of(images, shard)
    for batch in _batches(in_processes(_examine, share, workers)):
        prepared = _prepared(embedder, [each for each in batch if isinstance(each, _Examined)], known)
        own.extend(each if isinstance(each, str) else next(prepared) for each in batch)
        if len(own) % _PROGRESS_EVERY < _BATCH:
            embedded = sum(isinstance(each, PreparedImage) and each.embedded for each in own)
            sys.stderr.write(f"{len(own)} of {len(share)} images, {embedded} embedded\n")
    return gathered(own, shard)


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


def _batches(examined: Iterator[_Examined | str]) -> Iterator[list[_Examined | str]]:
    while batch := list(islice(examined, _BATCH)):
        yield batch


def _examine(image: GalleryImage) -> _Examined | str:
    """What needs no model, or why the image cannot be used."""
    card = image.load_or_say()
    if isinstance(card, str):
        return card
    return _Examined(
        card=card,
        digest=hashlib.sha256(card.tobytes()).hexdigest(),
        fingerprint=fingerprint(card),
        reference=print_reference(card, image.card_id) if image.variant == 0 else None,
    )


def _prepared(embedder: Embedder, batch: Sequence[_Examined], known: Mapping[str, Both]) -> Iterator[PreparedImage]:
    new = [each.card for each in batch if each.digest not in known]
    fresh = iter(np.stack([embedder.embed(new), embedder.embed([upside_down(card) for card in new])], axis=1))
    for each in batch:
        embedded = each.digest not in known
        yield PreparedImage(
            digest=each.digest,
            fingerprint=each.fingerprint,
            embeddings=next(fresh) if embedded else known[each.digest],
            embedded=embedded,
            reference=each.reference,
        )
