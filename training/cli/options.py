"""What several commands share: their options, and modules that are loaded when a command runs."""

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from edge.files.paths import named_path
from training.progress import to_stderr

RUNS = Path("runs")

# argparse has no other name for it.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def add_run(parser: argparse.ArgumentParser, module: str) -> None:
    """Declare a run that is stopped and resumed by its name."""
    parser.add_argument("--name", required=True, help="of the run: its folder is RUNS/NAME")
    parser.add_argument("--resume", action="store_true", help="go on with the run of this name")
    parser.add_argument(
        "--patience",
        type=_count,
        metavar="N",
        help="end early after N measurements in a row that are no better than the best before them",
    )
    add_common(parser, module)


def add_common(parser: argparse.ArgumentParser, module: str) -> None:
    """Declare the cards, and what every training has."""
    parser.add_argument(
        "--cards",
        type=_number_or_folder,
        default=8000,
        metavar="NUMBER|FOLDER",
        help="simulated cards to learn, or a folder of card images (default: 8000 simulated cards)",
    )
    parser.add_argument(
        "--metadata", type=named_path, help="JSON file: card id -> details, with a folder of card images"
    )
    add_processes(parser, module)


def add_processes(parser: argparse.ArgumentParser, module: str) -> None:
    """Declare what every training has, whatever it learns from."""
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and augmentation (default: 0)")
    parser.add_argument("--threads", type=int, default=1, help="of one training process (default: 1)")
    parser.add_argument("--batches", type=int, help="that make up a step (default: one for each process)")
    parser.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")
    parser.set_defaults(run=run_of(module, "loading PyTorch"))


def add_length(group: argparse._MutuallyExclusiveGroup, condition: str) -> None:
    """Declare the two ways to say how long a run is."""
    group.add_argument("--minutes", type=float, help=f"wall-clock time to train for{condition}")
    group.add_argument("--steps", type=int, help="optimiser steps to train for (reproducible, unlike minutes)")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of times, 1 or more")
    return int(text)


def _number_or_folder(text: str) -> int | Path:
    return int(text) if text.isdecimal() else Path(text)


def run_of(module: str, said: str = "") -> Callable[[argparse.Namespace], int]:
    """A module's `run`, whose module is imported when it is called; what is `said` first tells why that takes long."""

    def run(args: argparse.Namespace) -> int:
        if said:
            to_stderr(f"{said}\n")
        return int(importlib.import_module(module).run(args))

    return run
