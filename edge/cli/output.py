"""Writes results to standard output."""

import io
import os
import sys
from pathlib import Path

from edge.errors import ConfigurationError, ScannerError
from edge.files.printing import printable


def accept_any_text() -> None:
    """Let standard output replace the characters that its encoding lacks, rather than fail on a card's name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def write_line(text: str = "") -> None:
    """Write one line to standard output, as `printable` makes it; raises as `write` does."""
    write(printable(text) + "\n")


def write(text: str) -> None:
    """Write to standard output at once, what was waiting before included.

    Raises:
        BrokenPipeError: if nobody reads it any more.
        ScannerError: if it cannot be written.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as cause:
        discard()
        raise ScannerError(f"cannot write to standard output: {cause.strerror}; write it elsewhere") from cause


def discard() -> None:
    """Drop what is waiting and whatever else is written, so that Python does not complain at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def complain(sentence: str) -> None:
    """Tell of a failure on standard error."""
    sys.stderr.write(f"card-scanner: error: {printable(sentence)}\n")


def tell(sentence: str) -> None:
    """Say on standard error what goes with the results on standard output."""
    sys.stderr.write(printable(sentence) + "\n")


def check_new_file(path: Path) -> None:
    """Check before the work for a file is done that there is none of its name.

    Raises:
        ConfigurationError: if there is.
    """
    if path.exists() or path.is_symlink():
        raise ConfigurationError(f"{path} is there already; name another file or move that one away")


def write_new(path: Path, content: str) -> None:
    """Write a file that was not there, complete or not at all.

    Raises:
        ConfigurationError: if it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(content, encoding="utf-8", newline="")
        os.link(part, path)
    except OSError as cause:
        raise ConfigurationError(f"{path} cannot be written: {cause.strerror}") from cause
    finally:
        part.unlink(missing_ok=True)
