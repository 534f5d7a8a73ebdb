"""`card-training`: from card images to the files that the scanner runs."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.errors import ScannerError

RUNS = Path("runs")

Commands = argparse._SubParsersAction


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    args = build_parser(given[0] if given else None).parse_args(given)
    try:
        return int(args.run(args))
    except ScannerError as error:
        sys.stderr.write(f"card-training: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("card-training: interrupted\n")
        return 130


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The command line, with the modules of `command` loaded and no others: torch takes seconds to load."""
    parser = argparse.ArgumentParser(
        prog="card-training", description="Trains the scanner's model, builds its card database, measures both."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_student(commands)
    _add_detector(commands)
    _add_export(commands)
    _add_preview(commands)
    _add_index(commands, chosen=command == "index")
    _add_evaluate(commands, chosen=command == "evaluate")
    return parser


def _add_student(commands: "Commands[argparse.ArgumentParser]") -> None:
    student = commands.add_parser(
        "student",
        help="train the embedding network on simulated cards",
        description="Trains the embedding network from random weights on simulated cards. SIGTERM or Ctrl-C saves a "
        "checkpoint and ends the run; --resume goes on with it. Several processes: torchrun --nproc-per-node N "
        "-m training student ...",
    )
    student.add_argument("--name", required=True, help="of the run: its folder is RUNS/NAME")
    length = student.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="wall-clock time to train for")
    length.add_argument("--steps", type=int, help="optimiser steps to train for (reproducible, unlike minutes)")
    student.add_argument("--cards", type=int, default=8000, help="simulated cards to learn (default: 8000)")
    student.add_argument("--learning-rate", type=float, default=1e-3, help="peak of the schedule (default: 0.001)")
    student.add_argument("--seed", type=int, default=0, help="of weights, order and augmentation (default: 0)")
    student.add_argument("--threads", type=int, default=1, help="of one training process (default: 1)")
    student.add_argument("--resume", action="store_true", help="go on with the run of this name")
    student.add_argument("--runs", type=Path, default=RUNS, help="folder of all runs (default: runs)")
    student.set_defaults(run=_run_of("training.student"))


def _add_detector(commands: "Commands[argparse.ArgumentParser]") -> None:
    detector = commands.add_parser(
        "detector",
        help="train the network that proposes card outlines",
        description="Trains the outline network from random weights on small simulated scenes, which are rendered "
        "first. Several processes: torchrun --nproc-per-node N -m training detector ...",
    )
    detector.add_argument("--name", required=True, help="of the run: its folder is RUNS/NAME")
    detector.add_argument("--minutes", type=float, required=True, help="wall-clock time to train for")
    detector.add_argument("--scenes", type=int, default=10_000, help="simulated scenes to learn from (default: 10000)")
    detector.add_argument("--seed", type=int, default=0, help="of weights, order and augmentation (default: 0)")
    detector.add_argument("--workers", type=int, default=1, help="processes that make batches (default: 1)")
    detector.add_argument("--runs", type=Path, default=RUNS, help="folder of all runs (default: runs)")
    detector.set_defaults(run=_run_of("training.detection.trainer"))
    export = commands.add_parser("export-detector", help="write a checkpoint of the outline network as ONNX")
    export.add_argument("--checkpoint", type=Path, required=True, help="RUNS/NAME/checkpoint.pt")
    export.add_argument("--output", type=Path, required=True, help="such as models/outline.onnx")
    export.set_defaults(run=_run_of("training.detection.export"))


def _add_export(commands: "Commands[argparse.ArgumentParser]") -> None:
    export = commands.add_parser(
        "export",
        help="write a checkpoint as ONNX with its manifest",
        description="Writes the averaged network of a checkpoint as ONNX, checks it against torch on card crops, "
        "scores it on held-out cards and writes the manifest beside it.",
    )
    export.add_argument("--checkpoint", type=Path, required=True, help="RUNS/NAME/checkpoint.pt")
    export.add_argument("--output", type=Path, required=True, help="such as models/demo.onnx")
    export.add_argument("--note", default="", help="a remark for the model card")
    export.add_argument("--runs", type=Path, default=RUNS, help="folder of all runs (default: runs)")
    export.set_defaults(run=_run_of("training.export"))


def _add_preview(commands: "Commands[argparse.ArgumentParser]") -> None:
    preview = commands.add_parser("preview", help="draw a contact sheet of disturbed cards, to judge them by eye")
    preview.add_argument("--output", type=Path, required=True, help="picture to write (.png)")
    preview.add_argument("--cards", type=int, default=6, help="rows (default: 6)")
    preview.add_argument("--seed", type=int, default=0, help="of the disturbances (default: 0)")
    preview.set_defaults(run=_run_of("training.preview"))


def _add_index(commands: "Commands[argparse.ArgumentParser]", *, chosen: bool) -> None:
    if not chosen:
        commands.add_parser("index", help="build a card database from a folder of card images")
        return
    from training import index

    index.add_parser(commands)


def _add_evaluate(commands: "Commands[argparse.ArgumentParser]", *, chosen: bool) -> None:
    evaluate = commands.add_parser("evaluate", help="measure the scanner, or calibrate its thresholds")
    if not chosen:
        return
    from training.evaluation import cli

    cli.add_arguments(evaluate)
    evaluate.set_defaults(run=cli.run)


def _run_of(module: str) -> Callable[[argparse.Namespace], int]:
    """A module's `run`, whose module is imported when it is called."""

    def run(args: argparse.Namespace) -> int:
        return int(importlib.import_module(module).run(args))

    return run
