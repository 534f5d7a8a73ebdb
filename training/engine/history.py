"""What a run has to say while it goes on: one JSON object a line."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.engine import names
from training.errors import TrainingError

FILE = names.HISTORY
RETRY = "retry"
# What a measure says of a network as one number, the higher the better.
VALIDATION = "validation"

log = logging.getLogger(__name__)


def append_history(folder: Path, entry: Mapping[str, Any]) -> None:
    """Add a line to the run's history and to the log.

    Raises:
        TrainingError: if it cannot be written.
    """
    try:
        with (folder / FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError as cause:
        raise TrainingError(f"cannot write the history {folder / FILE}: {cause.strerror}; is the disk full?") from cause
    log.info("  ".join(f"{key} {value}" for key, value in entry.items() if value is not None))


def read_history(folder: Path) -> list[dict[str, Any]]:
    """All entries of a run so far. A last line that was cut off when the process was killed is left out."""
    lines = (folder / FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def validations(folder: Path) -> list[float]:
    """What the run was measured at so far, in order."""
    entries = read_history(folder) if (folder / FILE).exists() else []
    return [float(entry[VALIDATION]) for entry in entries if VALIDATION in entry]


def forget_after(folder: Path, step: int) -> None:
    """Drop what was written after `step`, which the run is about to do again; retries are kept.

    Raises:
        TrainingError: if the history cannot be written.
    """
    path = folder / FILE
    if not path.exists():
        return
    kept = [entry for entry in read_history(folder) if RETRY in entry or entry.get("step", 0) <= step]
    unfinished = path.with_suffix(".partial")
    try:
        unfinished.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
        unfinished.replace(path)
    except OSError as cause:
        raise TrainingError(f"cannot write the history {path}: {cause.strerror}; is the disk full?") from cause
