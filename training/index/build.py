"""`card-training index`: builds a card database from card images with the very model that the scanner runs."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering.registration.original import print_reference
from edge.database.build import Gallery, write_bundle
from edge.database.bundle import GOLDEN_FOLDER, GoldenCrop, IndexRow
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError, DatabaseError, ImageError
from edge.files.paths import named_path
from edge.imaging.print_reference import PrintReference
from edge.manifests import DatabaseManifest
from edge.wire.messages import CardDetails
from training.calibration.fitting import FALSE_ACCEPTS
from training.data.card_folder import NAME_PATTERN, Findings, few, survey_folder
from training.data.card_list import read_card_list
from training.data.fingerprints import group_fingerprints
from training.data.gallery import GalleryImage, demo_back, demo_gallery, read_card_image
from training.data.lookalikes import members_of
from training.index.calibrating import Wanted, calibrated, describe_calibration
from training.index.kept import kept_folder
from training.index.kept_groups import cut_or_kept
from training.index.prepared import PreparedImage
from training.index.rows import (
    SOURCES_FILE,
    Build,
    Former,
    equal_images,
    prepare_images,
    read_former,
    usable_rows,
)
from training.parallel.sharding import shared_work

FINDINGS_FILE = "findings.json"
_EQUAL = 1e-4
_CHUNK = 512
_TRIED = 100
_GOLDEN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What was built and what in it deserves a look.

    Attributes:
        manifest: of the bundle.
        embedded: images that the model was run for; the others were known from an earlier build.
        groups: card ids of each group of look-alikes.
        equal: card ids of each group of cards whose images have equal pixels.
        indistinct: pairs of cards whose embeddings are equal; the first image of a repeated placeholder shows here.
        findings: what of the folder and its list is left out or mended.
    """

    manifest: DatabaseManifest
    embedded: int
    groups: tuple[tuple[str, ...], ...]
    equal: tuple[tuple[str, ...], ...]
    indistinct: tuple[tuple[str, str], ...]
    findings: Findings


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `index` to the training command line."""
    parser = subparsers.add_parser(
        "index",
        help="build a card database from a folder of card images",
        description=f"Builds a card database. Images are named {NAME_PATTERN}, or by the card's id alone, also in "
        "folders (base1/4.webp); several images of one card are its variants. The metadata are a JSON object "
        "(card id -> name, set_code, set_name, number and, where known, rarity, types, image_url), a list of objects "
        "as pokemontcg.io, TCGdex and Scryfall give them, or a CSV table with a column of ids. What cannot be used is "
        "left out and named. An existing database is replaced in one step; what it holds of the same images by the "
        "same model is taken over, so that only new images are embedded; a build that was killed goes on by the same "
        "command. Several processes: "
        "torchrun --nproc-per-node N -m training index ...",
    )
    parser.add_argument("--cards", required=True, help="folder of card images, or 'demo' for the simulated game")
    parser.add_argument("--metadata", type=named_path, help="what the cards are: JSON or CSV (not needed for 'demo')")
    parser.add_argument(
        "--strict", action="store_true", help="refuse where something would be left out, filled in or ignored"
    )
    parser.add_argument("--model", type=named_path, required=True, help="embedding model (.onnx, its .json beside it)")
    parser.add_argument("--output", type=named_path, required=True, help="folder of the database")
    parser.add_argument(
        "--back",
        type=named_path,
        action="append",
        default=[],
        metavar="FILE",
        help="picture of the cards' back, by which backs are told from fronts when centering is measured; may be given "
        "several times (not needed for 'demo')",
    )
    parser.add_argument(
        "--false-accepts",
        type=_rate,
        default=FALSE_ACCEPTS,
        metavar="SHARE",
        help="of the looks at cards outside the database, the share that may confirm one "
        f"(default: {FALSE_ACCEPTS:g}); the database is calibrated for it",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        help="processes that decode images (default: one for each core)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build the database that the arguments ask for, and say what is in it.

    Raises:
        ScannerError: naming the file at fault; nothing is left half-written.
    """
    images, metadata, findings = _cards(args)
    backs = [demo_back()] if args.cards == "demo" else [read_card_image(path) for path in args.back]
    embedder = OnnxEmbedder(args.model, os.cpu_count() or 1)
    former = read_former(args.output, embedder.manifest)
    build = Build(former=former, kept=kept_folder(args.output))
    with shared_work() as shard:
        outcomes = prepare_images(embedder, images, build, args.workers, shard)
    if shard.rank != 0:
        return 0
    findings = replace(findings, unreadable=_unreadable(images, outcomes, args))
    images, prepared = usable_rows(images, outcomes)
    embeddings = np.concatenate([np.stack([each.embeddings[turn] for each in prepared]) for turn in (0, 1)])
    groups = group_fingerprints([each.fingerprint for each in prepared])
    members = members_of(images, groups, [each.digest for each in prepared])
    lookalikes = cut_or_kept(build.kept / "lookalikes", members, args.workers)
    golden, crops = golden_crops(embedder, images)
    gallery = Gallery(
        name=args.output.name,
        model=embedder.manifest,
        embeddings=embeddings,
        rows=_rows(images),
        metadata={image.card_id: metadata[image.card_id] for image in images},
        lookalikes=lookalikes.groups,
        references={**lookalikes.references, **crops, SOURCES_FILE: _sources(prepared), **_findings_file(findings)},
        golden=golden,
        prints=_prints(images, prepared),
        backs=tuple(print_reference(back, f"back {number}") for number, back in enumerate(backs)),
        hashes=[each.hash for each in prepared],
    )
    wanted = Wanted(
        false_accepts=args.false_accepts,
        workers=args.workers,
        folder=args.output.resolve().parent,
        changed=_changed(prepared, former),
    )
    outcome = calibrated(gallery, embedder, images, former.manifest.calibration if former else None, wanted)
    manifest = write_bundle(args.output, replace(gallery, calibration=outcome.calibration))
    _try(CardDatabase.open(args.output, embedder.manifest), gallery)
    report = _report(manifest, gallery, images, prepared, findings)
    sys.stdout.write(describe(report, args.output))
    sys.stdout.write("".join(f"{line}\n" for line in describe_calibration(outcome)))
    return 0


def _cards(args: argparse.Namespace) -> tuple[list[GalleryImage], dict[str, CardDetails], Findings]:
    """The images, what is known of their cards, and what is left out or mended as far as names and the list tell."""
    if args.cards == "demo":
        return *demo_gallery(), Findings()
    if args.metadata is None:
        raise ConfigurationError("a folder of card images needs --metadata FILE")
    found = survey_folder(Path(args.cards), read_card_list(args.metadata))
    said = found.findings.sentence()
    if not found.images or (args.strict and said):
        raise ConfigurationError(f"{args.cards} and {args.metadata} cannot be used as they are: {said}")
    return found.images, found.metadata, found.findings


def _unreadable(
    images: Sequence[GalleryImage], outcomes: Sequence[PreparedImage | str], args: argparse.Namespace
) -> dict[str, str]:
    """File -> why it cannot be used.

    Raises:
        ImageError: if that is refused, or no image is left.
    """
    pairs = zip(images, outcomes, strict=True)
    faults = {image.file: each for image, each in pairs if image.file is not None and isinstance(each, str)}
    if len(faults) == len(images) or (args.strict and faults):
        raise ImageError(f"{len(faults)} of {len(images)} card images cannot be used: {few(list(faults.values()))}")
    return {str(file.relative_to(args.cards)): fault for file, fault in faults.items()}


def _findings_file(findings: Findings) -> dict[str, bytes]:
    """The file of a bundle that names everything that is left out or mended; none where there is nothing."""
    return {FINDINGS_FILE: json.dumps(asdict(findings), indent=1).encode()} if findings.titled() else {}


def _report(
    manifest: DatabaseManifest,
    gallery: Gallery,
    images: Sequence[GalleryImage],
    prepared: Sequence[PreparedImage],
    findings: Findings,
) -> IndexReport:
    card_ids = [image.card_id for image in images]
    return IndexReport(
        manifest=manifest,
        embedded=sum(each.embedded for each in prepared),
        groups=tuple(tuple(member.card_id for member in group.members) for group in gallery.lookalikes),
        equal=tuple(equal_images(images, prepared)),
        indistinct=tuple(indistinct_cards(gallery.embeddings[: len(images)], card_ids)),
        findings=findings,
    )


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
        f"embedded: {report.embedded} of {manifest.rows // 2} images, the others were known from an earlier build",
        f"look-alikes: {len(report.groups)} groups{_some(' = '.join(group) for group in report.groups)}",
        f"equal images: {len(report.equal)} groups{_some(' = '.join(group) for group in report.equal)}",
        f"equal to the model: {len(report.indistinct)} cards{_some(' = '.join(pair) for pair in report.indistinct)}",
        *(f"{title}: {len(found)}{_some(found)}" for title, found in report.findings.titled().items()),
    ]
    if report.findings.titled():
        lines.append(f"all of what was left out or mended: {output / FINDINGS_FILE}")
    return "\n".join(lines) + "\n"


def _some(entries: Iterable[str]) -> str:
    listed = list(entries)
    return f" ({few(listed)})" if listed else ""


def _rows(images: Sequence[GalleryImage]) -> list[IndexRow]:
    return [
        IndexRow(card_id=image.card_id, variant=image.variant, rotation=rotation)
        for rotation in (0, 180)
        for image in images
    ]


def _prints(images: Sequence[GalleryImage], prepared: Sequence[PreparedImage]) -> dict[str, PrintReference]:
    pairs = zip(images, prepared, strict=True)
    return {image.card_id: each.reference for image, each in pairs if each.reference is not None}


def _changed(prepared: Sequence[PreparedImage], former: Former | None) -> int:
    """How many images the former database did not have, or had besides."""
    before = set() if former is None else set(former.embeddings)
    return len(before ^ {each.digest for each in prepared})


def _sources(prepared: Sequence[PreparedImage]) -> bytes:
    return json.dumps([each.digest for each in prepared], indent=0).encode()


def _try(database: CardDatabase, gallery: Gallery) -> None:
    """Search the finished database for a sample of its own rows."""
    step = max(1, len(gallery.rows) // _TRIED)
    queries, rows = gallery.embeddings[::step], gallery.rows[::step]
    for row, (nearest, *_) in zip(rows, database.search(queries, 1), strict=True):
        if nearest.distance > _EQUAL:
            raise DatabaseError(f"the new database does not find its own image of {row.card_id}; build it again")


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not a share above 0 and below 0.5, such as 0.001")
    return rate
