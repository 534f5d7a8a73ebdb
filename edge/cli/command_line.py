"""Reads the command line, runs one command, and turns every failure into one sentence and an exit code."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from types import TracebackType
from typing import NoReturn

from edge.cli import (
    bench,
    calibrate,
    config,
    database,
    demo,
    doctor,
    export,
    identify,
    keys,
    learn,
    measure,
    mqtt,
    page,
    record,
    report,
    run,
    watch,
)
from edge.cli.output import accept_any_text, complain, discard, write
from edge.errors import ConfigurationError, ScannerError
from edge.files.printing import printable
from edge.service.journal import journal_handler, writes_to_journal

INTERRUPTED = 130
_QUIET = {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
_COMMANDS = (
    run,
    identify,
    measure,
    report,
    calibrate,
    watch,
    page,
    mqtt,
    record,
    demo,
    bench,
    config,
    doctor,
    database,
    export,
    learn,
    keys,
)
_EXAMPLES = """\
examples:
  card-scanner demo                          see the whole scanner at work on a simulated bench
  card-scanner identify photo.jpg            which cards are in this photo?
  card-scanner measure photo.jpg             how well are they centred?
  card-scanner report photo.jpg --output x.html  the same of one card, to print
  card-scanner calibrate --board board.pdf   a board to print, for calibrating a camera
  card-scanner run --source v4l2:/dev/video0 scan what a USB camera sees
  card-scanner watch                         show what a running scanner publishes
  card-scanner page                          show it in a browser
  card-scanner learn "Mossy Drake"           the unknown card under the camera is known from now on
  card-scanner record                        what it sees and says, in one file that replays
  card-scanner doctor                        what is missing here, and what mends it

'card-scanner COMMAND --help' explains a command."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, without the usage."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message}; '{self.prog} --help' shows what there is")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `card-scanner` with these arguments, or those of the process.

    Returns:
        The exit code: 0, that of the error, or 130 when interrupted.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    accept_any_text()
    try:
        with _terminated_like_interrupted():
            return _run(argv)
    except BrokenPipeError:
        discard()
        return 0
    except ScannerError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    try:
        options = build_parser().parse_args(argv)
    except SystemExit:
        write("")
        return 0
    with logging_to_stderr(verbose=options.verbose):
        code: int = options.run(options)
    write("")
    return code


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-v", "--verbose", action="store_true", help="log more, to stderr")
    parser = _Parser(
        prog="card-scanner",
        description="Identifies trading cards, live or in photos, and publishes what it sees.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"card-scanner {version('card-scanner')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(commands, common)
    return parser


_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _LogFormat(logging.Formatter):
    """One line a record; the traceback of an error that the user can mend is left out."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and isinstance(record.exc_info[1], ScannerError):
            record.exc_info, record.exc_text = None, None
        record.levelname = record.levelname.lower()
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        """The record's line, without what a traceback adds."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 (logging's name)
        """The traceback, whose last line may quote what a peer sent."""
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def _stderr_handler() -> logging.Handler:
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(_LogFormat("card-scanner: %(levelname)s: %(message)s"))
    return output


@contextmanager
def logging_to_stderr(*, verbose: bool) -> Iterator[None]:
    """What the package logs goes to stderr meanwhile, or to the journal where that is what stderr is."""
    logger, in_journal = logging.getLogger("edge"), writes_to_journal()
    output = journal_handler(_LogFormat("%(message)s")) if in_journal else _stderr_handler()
    previous = logger.level
    logger.addHandler(output)
    logger.setLevel(logging.DEBUG if verbose else logging.INFO if in_journal else logging.WARNING)
    try:
        yield
    finally:
        logger.removeHandler(output)
        logger.setLevel(previous)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, so that nothing is left half-written and no child process behind."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
