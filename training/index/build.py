"""`card-training index`: builds a card database from card images with the very model that the scanner runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.centering.registration.original import print_reference
from edge.database.build import Gallery, write_bundle
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError, DatabaseError, ImageError
from edge.files.paths import named_path
from edge.wire.messages import CardDetails
from training.calibration.fitting import FALSE_ACCEPTS
from training.data.card_folder import NAME_PATTERN, Findings, few, survey_folder
from training.data.card_list import read_card_list
from training.data.fingerprints import group_fingerprints
from training.data.gallery import GalleryImage, demo_back, demo_gallery, read_card_image
from training.data.lookalikes import members_of
from training.index.calibrating import Wanted, calibrated, describe_calibration
from training.index.contents import changed_images, golden_crops, index_rows, prints_of, sources_file
from training.index.kept import kept_folder
from training.index.kept_groups import cut_or_kept
from training.index.prepared import PreparedImage
from training.index.report import EQUAL, describe, findings_file, report_of
from training.index.rows import (
    SOURCES_FILE,
    Build,
    prepare_images,
    read_former,
    usable_rows,
)
from training.parallel.sharding import shared_work
from training.progress import to_stderr

_TRIED = 100


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
    to_stderr(f"comparing {len(members)} groups of look-alikes\n")
    lookalikes = cut_or_kept(build.kept / "lookalikes", members, args.workers)
    golden, crops = golden_crops(embedder, images)
    gallery = Gallery(
        name=args.output.name,
        model=embedder.manifest,
        embeddings=embeddings,
        rows=index_rows(images),
        metadata={image.card_id: metadata[image.card_id] for image in images},
        lookalikes=lookalikes.groups,
        references={**lookalikes.references, **crops, SOURCES_FILE: sources_file(prepared), **findings_file(findings)},
        golden=golden,
        prints=prints_of(images, prepared),
        backs=tuple(print_reference(back, f"back {number}") for number, back in enumerate(backs)),
        hashes=[each.hash for each in prepared],
    )
    wanted = Wanted(
        false_accepts=args.false_accepts,
        workers=args.workers,
        folder=args.output.resolve().parent,
        changed=changed_images(prepared, former),
    )
    outcome = calibrated(gallery, embedder, images, former.manifest.calibration if former else None, wanted)
    to_stderr(f"writing {args.output} and trying it\n")
    manifest = write_bundle(args.output, replace(gallery, calibration=outcome.calibration))
    _try(CardDatabase.open(args.output, embedder.manifest), gallery)
    report = report_of(manifest, gallery, images, prepared, findings)
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


def _try(database: CardDatabase, gallery: Gallery) -> None:
    """Search the finished database for a sample of its own rows."""
    step = max(1, len(gallery.rows) // _TRIED)
    queries, rows = gallery.embeddings[::step], gallery.rows[::step]
    for row, (nearest, *_) in zip(rows, database.search(queries, 1), strict=True):
        if nearest.distance > EQUAL:
            raise DatabaseError(f"the new database does not find its own image of {row.card_id}; build it again")


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not a share above 0 and below 0.5, such as 0.001")
    return rate
