"""`card-training evaluate model`: any model file on crops of held-out cards, with baselines on the same crops."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.embedding.base import Embedder
from edge.errors import ConfigurationError
from edge.geometry import Image
from training.data.preview import write_picture
from training.errors import TrainingError
from training.evaluation.crops import CONDITIONS, CropJob, render_crop
from training.evaluation.embedders import open_embedder, open_untrained
from training.evaluation.held_out import HeldOut, chosen, folder_held_out, simulated_held_out
from training.evaluation.model_difference import compare_models
from training.evaluation.model_figures import UNKNOWN, Shown, distances_of, summarise_model, worst_confusions
from training.evaluation.model_report import (
    CONFUSIONS_PICTURE,
    LabelledRow,
    confusion_sheet,
    draw_plots,
    model_to_markdown,
)
from training.evaluation.nearest_cards import NearestCards, nearest_cards
from training.evaluation.vectors import MODEL, UNTRAINED, MeasuredVectors, measure_vectors
from training.parallel.sharding import shared_work

FIRST_SEED = 2_000_000
CONFUSIONS = 20


def run(args: argparse.Namespace) -> int:
    """Evaluate, write and print the report; returns the exit code.

    Raises:
        ScannerError: if the model or the cards cannot be used.
    """
    cards = _held_out(args)
    jobs, known = crop_jobs(cards, args.count)
    embedders: dict[str, Embedder] = {MODEL: open_embedder(args.model)}
    other = None if args.against is None else f"against {args.against.stem}"
    if other is not None:
        embedders[other] = open_embedder(args.against)
    untrained = open_untrained(args.model)
    if untrained is not None:
        embedders[UNTRAINED] = untrained
    with shared_work() as shard:
        vectors = measure_vectors(embedders, cards, jobs, args.workers, shard)
    manifest = embedders[MODEL].manifest
    for embedder in embedders.values():
        embedder.close()
    if shard.rank != 0:
        return 0
    shown, answers = compare_methods(cards, jobs, known, vectors)
    summary: dict[str, Any] = {
        "model": {"file": args.model.name, "model_id": manifest.model_id, "sha256": manifest.sha256},
        "command": shlex.join(["card-training", *sys.argv[1:]]),
        **summarise_model(shown, answers),
    }
    if other is not None:
        summary["compared"] = {other: compare_models(shown, answers[MODEL], answers[other])}
    _write_report(args.output, summary, shown, answers[MODEL])
    write_picture(args.output / CONFUSIONS_PICTURE, _confusions(cards, jobs, shown, answers[MODEL]))
    return 0


def crop_jobs(cards: HeldOut, count: int) -> tuple[list[CropJob], NDArray[np.bool_]]:
    """`count` crops of known and of unknown cards under each condition, and which of them are known."""
    jobs: list[CropJob] = []
    known: list[bool] = []
    for is_known, images in ((True, cards.known), (False, cards.unknown)):
        for place, condition in enumerate(CONDITIONS):
            for image in chosen(images, count, seed=place):
                jobs.append(CropJob(image=image, condition=condition, seed=FIRST_SEED + len(jobs)))
                known.append(is_known)
    return jobs, np.array(known)


def compare_methods(
    cards: HeldOut, jobs: Sequence[CropJob], known: NDArray[np.bool_], vectors: MeasuredVectors
) -> tuple[Shown, dict[str, NearestCards]]:
    """What the crops show, and what each method says of them."""
    card_ids = list(dict.fromkeys(image.card_id for image in cards.gallery))
    numbers = {card_id: number for number, card_id in enumerate(card_ids)}
    lookalikes = cards.lookalikes()
    groups = {card_id: number for number, card_id in enumerate(dict.fromkeys(job.image.card_id for job in jobs))}
    shown = Shown(
        conditions=[job.condition for job in jobs],
        cards=np.array([numbers[job.image.card_id] if k else UNKNOWN for job, k in zip(jobs, known, strict=True)]),
        groups=np.array([groups[job.image.card_id] for job in jobs]),
        arts=np.array([cards.arts[card_id] for card_id in card_ids]),
        has_lookalike=np.array([card_id in lookalikes for card_id in card_ids]),
    )
    rows = np.tile([numbers[image.card_id] for image in cards.gallery], 2)
    answers = {
        method: nearest_cards(gallery, rows, vectors.queries[method], shown.cards.tolist())
        for method, gallery in vectors.gallery.items()
    }
    return shown, answers


def _held_out(args: argparse.Namespace) -> HeldOut:
    if args.cards is None:
        return simulated_held_out(args.gallery)
    if args.metadata is None:
        raise ConfigurationError("a folder of card images needs --metadata FILE")
    return folder_held_out(args.cards, args.metadata)


def _confusions(cards: HeldOut, jobs: Sequence[CropJob], shown: Shown, answers: NearestCards) -> Image:
    images = {image.card_id: image for image in cards.gallery}
    card_ids = list(images)
    rows = []
    for number, confused in worst_confusions(shown, answers, CONFUSIONS).items():
        job = jobs[number]
        wrong = next(place for place, card in enumerate(answers.cards[number]) if _differs(shown, number, int(card)))
        taken = card_ids[answers.cards[number, wrong]]
        distances = f"own {answers.own[number]:.3f}, other {answers.distances[number, wrong]:.3f}"
        pictures = [render_crop(job), job.image.load(), images[taken].load()]
        caption = f"{'CONFUSED' if confused else 'nearly'}, {job.condition}: {distances}"
        labels = ("seen", f"is {job.image.card_id}", f"{'taken for' if confused else 'next is'} {taken}")
        rows.append(LabelledRow(pictures=pictures, labels=labels, caption=caption))
    return confusion_sheet(rows)


def _differs(shown: Shown, number: int, card: int) -> bool:
    return bool(shown.arts[card] != shown.arts[shown.cards[number]])


def _write_report(folder: Path, summary: dict[str, Any], shown: Shown, answers: NearestCards) -> None:
    page = model_to_markdown(summary)
    _write(folder / "report.json", json.dumps(summary, indent=1) + "\n")
    _write(folder / "report.md", page)
    draw_plots(summary, distances_of(shown, answers, np.ones(len(shown.cards), bool)), folder)
    sys.stdout.write(page)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as cause:
        raise TrainingError(f"cannot write {path}: {cause.strerror}") from cause
