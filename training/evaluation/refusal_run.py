"""`card-training evaluate refusal`: builds the galleries, shows the cards, writes the report."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.database import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.manifests import UNCALIBRATED
from edge.recognition.recognizer import Recognizer
from edge.recognition.verification import Verifier
from edge.simulator.sets import unknown_cards
from edge.wire.messages import CardDetails
from training.calibration.trial import trial_database
from training.data.gallery import GalleryImage, demo_gallery
from training.evaluation.held_out import half_unknown, simulated_images
from training.evaluation.refusal import show_cards
from training.evaluation.refusal_figures import summarise_refusal
from training.evaluation.refusal_report import refusal_to_markdown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cards:
    """What is in the database, and what is not."""

    known: Sequence[GalleryImage]
    unknown: Sequence[GalleryImage]
    metadata: dict[str, CardDetails]


def add_arguments(parser: argparse.ArgumentParser, model: Path, database: Path) -> None:
    """Declare the options."""
    parser.add_argument(
        "--cards", type=named_path, help="folder of card images; half of its arts are left out as unknown"
    )
    parser.add_argument("--metadata", type=named_path, help="what the cards of that folder are")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[], metavar="N", help="galleries of so many of the cards (default: all)"
    )
    parser.add_argument("--count", type=int, default=100, help="known, and unknown, cards of each condition")
    parser.add_argument("--false-accepts", type=float, default=0.001, help="that galleries are calibrated for")
    parser.add_argument("--workers", type=int, default=2, help="processes that make crops (default: 2)")
    parser.add_argument("--model", type=named_path, default=model)
    parser.add_argument(
        "--database", type=named_path, default=database, help="of the simulated cards (default: the shipped)"
    )
    parser.add_argument("--output", type=named_path, required=True, help="folder for refusal.json and refusal.md")


def run(args: argparse.Namespace) -> int:
    """Measure, write and print the report; returns the exit code.

    Raises:
        ScannerError: if the model, the database or the cards cannot be used.
    """
    cards = _cards(args)
    summary: dict[str, Any] = {"command": shlex.join(["card-training", *sys.argv[1:]]), "galleries": []}
    args.output.mkdir(parents=True, exist_ok=True)
    for size in args.sizes or [len(cards.known)]:
        summary["galleries"].append(_measured(args, cards, size))
        (args.output / "refusal.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    page = refusal_to_markdown(summary)
    (args.output / "refusal.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0


def _cards(args: argparse.Namespace) -> _Cards:
    if args.cards is None:
        images, metadata = demo_gallery()
        return _Cards(known=images, unknown=simulated_images(unknown_cards(len(images))), metadata=metadata)
    if args.metadata is None:
        raise ConfigurationError("a folder of card images needs --metadata FILE")
    known, unknown, metadata = half_unknown(args.cards, args.metadata)
    return _Cards(known=known, unknown=unknown, metadata=metadata)


def _measured(args: argparse.Namespace, cards: _Cards, size: int) -> dict[str, Any]:
    """The figures of a gallery of the first `size` known cards."""
    known = cards.known[:size]
    with closing(OnnxEmbedder(args.model, 1)) as embedder, TemporaryDirectory() as scratch:
        if args.cards is None and len(known) == len(cards.known):
            database = CardDatabase.open(args.database, embedder.manifest)
        else:
            target = Path(scratch) / "gallery"
            database = trial_database(target, embedder, known, cards.metadata, args.false_accepts, args.workers)
        if database.manifest.calibration is None:
            raise ConfigurationError(f"{args.database}: {UNCALIBRATED}")
        recognizer = Recognizer(embedder, database, Verifier(database))
        shown = list(show_cards(recognizer, known, cards.unknown, args.count, args.workers))
        return summarise_refusal(shown, database.manifest)
