"""`card-training student`: trains the embedding network that the scanner runs, from random weights."""

import argparse
import json
import logging
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from edge.errors import ConfigurationError
from edge.simulator.sets import calibration_cards, training_cards
from training import checkpoint
from training.augmentation import AugmentationSettings
from training.batches import BatchShape
from training.engine import Measure, RunSettings, Trainer
from training.errors import TrainingError
from training.history import FILE as HISTORY_FILE
from training.model import CardEmbedder, ModelSettings
from training.ranks import Ranks, join_ranks
from training.references import simulated_references
from training.retrieval import disturbed_queries, measure_retrieval, torch_embedding
from training.schedule import Budget, Schedule

RUN_FILE = "run.json"
BATCH_CARDS = 40
HELD_OUT_CARDS = 600
HELD_OUT_QUERIES = 300

log = logging.getLogger(__name__)


def run(args: argparse.Namespace) -> int:
    """Train, or go on with a run that was stopped; returns the exit code.

    Raises:
        ScannerError: if the run cannot start or go on.
    """
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    ranks = join_ranks()
    settings = run_settings(args)
    folder: Path = args.runs / args.name
    if ranks.rank == 0:
        prepare_folder(folder, _description(args, settings, ranks), resume=args.resume)
    references = simulated_references(training_cards(args.cards), args.runs / "references")
    trainer = Trainer(settings, references, folder, ranks)
    if args.resume:
        trainer.resume()
    finished = trainer.train(held_out_measure(args.runs / "references", settings) if ranks.rank == 0 else None)
    if ranks.rank == 0:
        log.info("%s: %s", "finished" if finished else "stopped, go on with --resume", folder / checkpoint.FILE)
    return 0


def run_settings(args: argparse.Namespace) -> RunSettings:
    """The recipe of the demo model."""
    model = ModelSettings()
    return RunSettings(
        model=model,
        batch=BatchShape(cards=BATCH_CARDS, height=model.height, width=model.width),
        schedule=Schedule(learning_rate=args.learning_rate),
        budget=Budget(steps=args.steps, minutes=args.minutes),
        augmentation=AugmentationSettings(),
        seed=args.seed,
    )


def held_out_measure(cache: Path, settings: RunSettings) -> Measure:
    """A function that measures a network on cards it never sees in training."""
    held_out = simulated_references(calibration_cards(HELD_OUT_CARDS), cache)

    size = settings.batch.width, settings.batch.height

    def measure(model: CardEmbedder) -> dict[str, Any]:
        queries = disturbed_queries(held_out, settings.augmentation, HELD_OUT_QUERIES, size)
        return measure_retrieval(torch_embedding(model, *size), held_out, queries).to_json()

    return measure


def prepare_folder(folder: Path, description: dict[str, Any], *, resume: bool) -> None:
    """Make the run's folder and write down what the run is; a resumed one must be the same, but for its length.

    Raises:
        ConfigurationError: if another run is in the folder, or the run to resume was started otherwise.
    """
    path = folder / RUN_FILE
    if resume:
        _check_same_run(path, description)
    elif (folder / checkpoint.FILE).exists():
        raise ConfigurationError(f"{folder} holds a run already; choose another --name, or go on with --resume")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not resume:
            (folder / HISTORY_FILE).unlink(missing_ok=True)
        path.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    except OSError as cause:
        raise TrainingError(f"cannot write into the run's folder {folder}: {cause.strerror}") from cause


def _check_same_run(path: Path, description: dict[str, Any]) -> None:
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as cause:
        raise ConfigurationError(f"there is no run to resume: cannot read {path}; start it without --resume") from cause
    current = json.loads(json.dumps(description))
    for run_description in (earlier, current):
        run_description.get("settings", {}).pop("budget", None)
    different = [key for key in ("cards", "settings", "processes") if earlier.get(key) != current[key]]
    if different:
        raise ConfigurationError(f"the run in {path.parent} was started with other {', '.join(different)}; see {path}")


def _description(args: argparse.Namespace, settings: RunSettings, ranks: Ranks) -> dict[str, Any]:
    return {
        "command": shlex.join(["card-training", *sys.argv[1:]]),
        "cards": args.cards,
        "processes": ranks.size,
        "threads": args.threads,
        "settings": asdict(settings),
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "opencv": cv2.__version__},
    }
