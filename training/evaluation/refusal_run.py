"""`card-training evaluate refusal`: builds the galleries, shows the cards, writes the report."""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.database.build import Gallery
from edge.database.search import CardDatabase
from edge.embedding.base import Embedder
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.manifests import UNCALIBRATED, Calibration
from edge.simulator.sets import unknown_cards
from training.calibration.samples import arts_of
from training.calibration.trial import trial_database
from training.data.gallery import demo_gallery
from training.evaluation.galleries import gallery_of, joined, part_of
from training.evaluation.held_out import half_unknown, simulated_images
from training.evaluation.refusal import Exhibit, Shown, show_cards
from training.evaluation.refusal_curves import draw_refusal
from training.evaluation.refusal_figures import summarise_refusal
from training.evaluation.refusal_report import refusal_to_markdown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trial:
    """A calibrated database, and what is shown to it: of each group as many."""

    database: CardDatabase
    groups: Sequence[Sequence[Exhibit]]


def add_arguments(parser: argparse.ArgumentParser, model: Path, database: Path) -> None:
    """Declare the options."""
    parser.add_argument(
        "--cards",
        type=named_path,
        help="folder of card images: each half is shown to the calibration of the other, with its art in the gallery "
        "and without (default: simulated cards, in the shipped database and outside it)",
    )
    parser.add_argument("--metadata", type=named_path, help="what the cards of that folder are")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[], metavar="N", help="galleries of so many cards (default: one of all)"
    )
    parser.add_argument(
        "--filler",
        type=named_path,
        default=database,
        help="card database whose cards fill larger galleries (default: the shipped)",
    )
    parser.add_argument("--count", type=int, default=100, help="cards of each condition and half (default: 100)")
    parser.add_argument("--false-accepts", type=float, default=0.001, help="that galleries are calibrated for")
    parser.add_argument("--workers", type=int, default=2, help="processes that make crops (default: 2)")
    parser.add_argument("--model", type=named_path, default=model)
    parser.add_argument(
        "--database", type=named_path, default=database, help="of the simulated cards (default: the shipped)"
    )
    parser.add_argument(
        "--output", type=named_path, required=True, help="folder for refusal.json, refusal.md and refusal.png"
    )


def run(args: argparse.Namespace) -> int:
    """Measure, write and print the report; returns the exit code.

    Raises:
        ScannerError: if the model, the database or the cards cannot be used.
    """
    if args.cards is not None and args.metadata is None:
        raise ConfigurationError("a folder of card images needs --metadata FILE")
    summary: dict[str, Any] = {"command": shlex.join(["card-training", *sys.argv[1:]]), "galleries": []}
    args.output.mkdir(parents=True, exist_ok=True)
    with closing(OnnxEmbedder(args.model, 1)) as embedder:
        for size in args.sizes or [None]:
            summary["galleries"].append(_measured(args, embedder, size))
            (args.output / "refusal.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    page = refusal_to_markdown(summary)
    (args.output / "refusal.md").write_text(page, encoding="utf-8")
    draw_refusal(summary, args.output)
    sys.stdout.write(page)
    return 0


def _measured(args: argparse.Namespace, embedder: Embedder, size: int | None) -> dict[str, Any]:
    """The figures of one gallery."""
    shown: list[Shown] = []
    calibrations: list[Calibration] = []
    cards = 0
    with TemporaryDirectory() as scratch:
        trials = _folder_trials if args.cards is not None else _simulated_trials
        for trial in trials(args, embedder, size, Path(scratch) / "gallery"):
            manifest = trial.database.manifest
            if manifest.calibration is None:
                raise ConfigurationError(f"{args.database}: {UNCALIBRATED}")
            calibrations.append(manifest.calibration)
            cards = manifest.cards
            for group in trial.groups:
                shown += show_cards(embedder, trial.database, group, min(args.count, len(group)), args.workers)
    return summarise_refusal(shown, cards, calibrations)


def _folder_trials(args: argparse.Namespace, embedder: Embedder, size: int | None, path: Path) -> Iterator[_Trial]:
    """A gallery of the folder's cards, filled up: calibrated by each half of them, and shown the other."""
    *sides, metadata = half_unknown(args.cards, args.metadata)
    halves = sides if size is None else [sides[0][: (size + 1) // 2], sides[1][: size // 2]]
    pictures = gallery_of([image for half in halves for image in half], metadata, embedder)
    gallery = _filled(pictures, size, args, embedder)
    for looked_at, judged in (halves, halves[::-1]):
        database = trial_database(path, gallery, embedder, looked_at, args.false_accepts, args.workers)
        art_of = {card_id: art for art in arts_of(database, gallery.metadata) for card_id in art}
        exhibits = [Exhibit(image=image, without=(frozenset(), art_of[image.card_id])) for image in judged]
        yield _Trial(database=database, groups=[exhibits])


def _simulated_trials(args: argparse.Namespace, embedder: Embedder, size: int | None, path: Path) -> Iterator[_Trial]:
    """The shipped database, or a gallery of some of its cards and others that fill it up."""
    images, _ = demo_gallery()
    outside = [Exhibit(image=image) for image in simulated_images(unknown_cards(len(images)))]
    if size is None:
        database = CardDatabase.open(args.database, embedder.manifest)
    else:
        gallery = _filled(part_of(args.database, embedder.manifest, min(size, len(images))), size, args, embedder)
        images = [image for image in images if image.card_id in gallery.metadata]
        database = trial_database(path, gallery, embedder, images, args.false_accepts, args.workers)
    yield _Trial(database=database, groups=[[Exhibit(image=image) for image in images], outside])


def _filled(gallery: Gallery, size: int | None, args: argparse.Namespace, embedder: Embedder) -> Gallery:
    """A gallery with as many cards of another one as it lacks."""
    missing = 0 if size is None else size - len(gallery.metadata)
    return joined(gallery, part_of(args.filler, embedder.manifest, missing)) if missing > 0 else gallery
