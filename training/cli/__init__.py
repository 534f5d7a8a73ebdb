"""`card-training`: from card images to the files that the scanner runs."""

import argparse
import sys
from collections.abc import Sequence

from edge.errors import ScannerError
from edge.files.printing import printable
from training.cli.ablations import add_ablate, add_fit
from training.cli.cards import add_index, add_inspect, add_preview, add_simulate
from training.cli.detector import add_detector
from training.cli.embedding import add_recipes, add_student, add_teacher
from training.cli.models import add_compile, add_export, add_quantize
from training.cli.options import Commands
from training.cli.runs import add_runs
from training.cli.studio import add_studio


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        args = build_parser(given[0] if given else None).parse_args(given)
        return int(args.run(args))
    except ScannerError as error:
        sys.stderr.write(f"card-training: {printable(str(error))}\n")
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
    add_inspect(commands, chosen=command == "inspect")
    add_teacher(commands)
    add_student(commands)
    add_recipes(commands)
    add_runs(commands)
    add_studio(commands)
    add_ablate(commands)
    add_fit(commands)
    add_detector(commands)
    add_export(commands)
    add_quantize(commands)
    add_compile(commands)
    add_preview(commands)
    add_simulate(commands)
    add_index(commands, chosen=command == "index")
    _add_evaluate(commands, chosen=command == "evaluate")
    return parser


def _add_evaluate(commands: Commands, *, chosen: bool) -> None:
    evaluate = commands.add_parser("evaluate", help="measure the scanner")
    if not chosen:
        return
    from training.evaluation import cli

    cli.add_arguments(evaluate)
    evaluate.set_defaults(run=cli.run)
