"""`card-training index`: builds a card database from card images with the very model that the scanner runs."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from edge.database.build import Gallery, write_bundle
from edge.database.bundle import GOLDEN_FOLDER, GoldenCrop, IndexRow
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError, DatabaseError
from edge.manifests import DatabaseManifest, Thresholds
from edge.rectification import upside_down
from training.gallery import NAME_PATTERN, GalleryImage, demo_gallery, folder_gallery
from training.lookalikes import Fingerprint, cut_references, fingerprint, group_fingerprints

_BATCH = 16
_PROGRESS_EVERY = 320
_EQUAL = 1e-4
_CHUNK = 512
_LISTED = 5
_TRIED = 100
_GOLDEN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What was built and what in it deserves a look.

    Attributes:
        manifest: of the bundle.
        groups: card ids of each group of look-alikes.
        indistinct: pairs of cards whose embeddings are equal; the first image of a repeated placeholder shows here.
    """

    manifest: DatabaseManifest
    groups: tuple[tuple[str, ...], ...]
    indistinct: tuple[tuple[str, str], ...]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `index` to the training command line."""
    parser = subparsers.add_parser(
        "index",
        help="build a card database from a folder of card images",
        description=f"Builds a card database. Images are named {NAME_PATTERN}; several images of one card are its "
        "variants. The metadata are one JSON object: card id ({set_id}-{number}) -> name, set_code, set_name, number "
        "and, where known, rarity, types, image_url. An existing database is replaced in one step.",
    )
    parser.add_argument("--cards", required=True, help="folder of card images, or 'demo' for the simulated game")
    parser.add_argument("--metadata", type=Path, help="JSON file: card id -> details (not needed for 'demo')")
    parser.add_argument("--model", type=Path, required=True, help="embedding model (.onnx, its .json beside it)")
    parser.add_argument("--output", type=Path, required=True, help="folder of the database")
    parser.add_argument("--thresholds", type=Path, help="JSON file with calibrated thresholds")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build the database that the arguments ask for, and say what is in it.

    Raises:
        ScannerError: naming the file at fault; nothing is left half-written.
    """
    thresholds = _read_thresholds(args.thresholds) if args.thresholds else Thresholds()
    if args.cards == "demo":
        images, metadata = demo_gallery()
    elif args.metadata is None:
        raise ConfigurationError("a folder of card images needs --metadata FILE")
    else:
        images, metadata = folder_gallery(Path(args.cards), args.metadata)
    embedder = OnnxEmbedder(args.model, os.cpu_count() or 1)
    embeddings, fingerprints = embed_gallery(embedder, images)
    lookalikes = cut_references(images, group_fingerprints(fingerprints))
    golden, crops = golden_crops(embedder, images)
    gallery = Gallery(
        name=args.output.name,
        model=embedder.manifest,
        embeddings=embeddings,
        rows=_rows(images),
        metadata=metadata,
        thresholds=thresholds,
        lookalikes=lookalikes.groups,
        references={**lookalikes.references, **crops},
        golden=golden,
    )
    manifest = write_bundle(args.output, gallery)
    _try(CardDatabase.open(args.output, embedder.manifest), gallery)
    groups = tuple(tuple(member.card_id for member in group.members) for group in lookalikes.groups)
    indistinct = indistinct_cards(embeddings[: len(images)], [image.card_id for image in images])
    report = IndexReport(manifest=manifest, groups=groups, indistinct=tuple(indistinct))
    sys.stdout.write(describe(report, args.output))
    return 0


def embed_gallery(
    embedder: OnnxEmbedder, images: Sequence[GalleryImage]
) -> tuple[NDArray[np.float32], list[Fingerprint]]:
    """Embed every image upright and upside down, batch by batch, and take its fingerprint.

    Returns:
        float32 [2 N, dimension], the N upright ones first; and N fingerprints.

    Raises:
        ImageError: naming the image that cannot be read.
        InferenceError: if the model fails.
    """
    embeddings = np.empty((2, len(images), embedder.manifest.dimension), dtype=np.float32)
    fingerprints: list[Fingerprint] = []
    for start in range(0, len(images), _BATCH):
        cards = [image.load() for image in images[start : start + _BATCH]]
        embeddings[0, start : start + len(cards)] = embedder.embed(cards)
        embeddings[1, start : start + len(cards)] = embedder.embed([upside_down(card) for card in cards])
        fingerprints.extend(fingerprint(card) for card in cards)
        if start % _PROGRESS_EVERY == 0:
            sys.stderr.write(f"embedded {start + len(cards)} of {len(images)} images\n")
    return embeddings.reshape(2 * len(images), -1), fingerprints


def golden_crops(
    embedder: OnnxEmbedder, images: Sequence[GalleryImage]
) -> tuple[tuple[GoldenCrop, ...], dict[str, bytes]]:
    """Some of the images at the size of the model's input, with their embeddings: what an accelerator is tested with.

    Returns:
        The crops, and file name below the bundle -> content.

    Raises:
        ImageError: naming the image that cannot be read.
        InferenceError: if the model fails.
    """
    size = (embedder.manifest.preprocessing.width, embedder.manifest.preprocessing.height)
    chosen = [images[round(number)] for number in np.linspace(0, len(images) - 1, min(_GOLDEN, len(images)))]
    cards = [cv2.resize(image.load(), size, interpolation=cv2.INTER_AREA).astype(np.uint8) for image in chosen]
    files = [f"{GOLDEN_FOLDER}/{number}.png" for number in range(len(cards))]
    embeddings = embedder.embed(cards)
    golden = [GoldenCrop(file=file, embedding=tuple(row.tolist())) for file, row in zip(files, embeddings, strict=True)]
    contents = {file: cv2.imencode(".png", card)[1].tobytes() for file, card in zip(files, cards, strict=True)}
    return tuple(golden), contents


def indistinct_cards(embeddings: NDArray[np.float32], card_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of different cards whose embeddings are equal, each card once: no search can tell them apart."""
    pairs: dict[str, str] = {}
    ids = np.asarray(card_ids)
    for start in range(0, len(embeddings), _CHUNK):
        equal = embeddings[start : start + _CHUNK] @ embeddings.T >= 1 - _EQUAL
        for first, second in zip(*np.nonzero(equal), strict=True):
            if ids[first + start] < ids[second]:
                pairs.setdefault(str(ids[second]), str(ids[first + start]))
    return [(first, second) for second, first in sorted(pairs.items())]


def describe(report: IndexReport, output: Path) -> str:
    """The report for a person."""
    manifest = report.manifest
    lines = [
        f"{output}: {manifest.cards} cards, {manifest.rows} rows, {manifest.dimension} dimensions, {manifest.model_id}",
        f"look-alikes: {len(report.groups)} groups{_some(' = '.join(group) for group in report.groups)}",
        f"equal to the model: {len(report.indistinct)} cards{_some(' = '.join(pair) for pair in report.indistinct)}",
    ]
    return "\n".join(lines) + "\n"


def _some(entries: Iterable[str]) -> str:
    listed = list(entries)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f" ({', '.join(listed[:_LISTED])}{more})" if listed else ""


def _rows(images: Sequence[GalleryImage]) -> list[IndexRow]:
    return [
        IndexRow(card_id=image.card_id, variant=image.variant, rotation=rotation)
        for rotation in (0, 180)
        for image in images
    ]


def _try(database: CardDatabase, gallery: Gallery) -> None:
    """Search the finished database for a sample of its own rows."""
    step = max(1, len(gallery.rows) // _TRIED)
    queries, rows = gallery.embeddings[::step], gallery.rows[::step]
    for row, (nearest, *_) in zip(rows, database.search(queries, 1), strict=True):
        if nearest.distance > _EQUAL:
            raise DatabaseError(f"the new database does not find its own image of {row.card_id}; build it again")


def _read_thresholds(path: Path) -> Thresholds:
    try:
        return Thresholds.model_validate_json(path.read_bytes())
    except OSError as cause:
        raise ConfigurationError(f"cannot read the thresholds {path}: {cause.strerror}") from cause
    except ValidationError as cause:
        first = cause.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigurationError(f"the thresholds {path}: {where}: {first['msg']}") from cause
