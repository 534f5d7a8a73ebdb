"""What the folders of runs say of them: the folders are the truth, there is no table of runs."""

import fcntl
import json
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ConfigurationError
from training.engine import names
from training.engine.history import VALIDATION, read_history
from training.engine.run_folder import RUNNING

INTERRUPTED = "interrupted"
# geometry: of `struct flock` on 64-bit Linux, as fcntl(2) has it: type, whence, start, length, process; padded to 8.
_FLOCK = "hhqqi0q"
# A recipe's phases lie in the folder of their run.
_DEEPEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRun:
    """A run as its folder tells it.

    Attributes:
        name: path of its folder within the folder of all runs.
        folder: its folder.
        state: `running`, `interrupted`, `finished`, `stopped`, `failed: why`, or `damaged: why`.
        process: that holds the folder while it runs, as this machine numbers it; 0 where none does.
        description: of `run.json`; empty where that is damaged.
        trained: the last line of the history with losses; empty where there is none.
        measured: the lines of the history with a measurement.
    """

    name: str
    folder: Path
    state: str
    process: int
    description: Mapping[str, Any]
    trained: Mapping[str, Any]
    measured: Sequence[Mapping[str, Any]]

    @property
    def best(self) -> Mapping[str, Any]:
        """The best measurement, which `best.pt` is of; empty where there is none."""
        return max(self.measured, key=lambda entry: float(entry.get(VALIDATION, -1)), default={})


def find_runs(runs: Path) -> list[FoundRun]:
    """All runs in a folder and the phases in their folders, the last changed first.

    Raises:
        ConfigurationError: if there is no such folder.
    """
    if not runs.is_dir():
        raise ConfigurationError(f"there is no folder {runs} of runs; --runs names another, a training makes it")
    files = [file for depth in range(1, _DEEPEST + 1) for file in runs.glob("/".join("*" * depth) + f"/{names.RUN}")]
    return [read_run(runs, file.parent) for file in sorted(files, key=_changed, reverse=True)]


def find_run(runs: Path, name: str) -> FoundRun:
    """The run of a name.

    Raises:
        ConfigurationError: if there is none, naming those that there are.
    """
    if not (runs / name / names.RUN).is_file():
        known = ", ".join(run.name for run in find_runs(runs)) or "none"
        raise ConfigurationError(f"there is no run {name} in {runs}; there are: {known}")
    return read_run(runs, runs / name)


def read_run(runs: Path, folder: Path) -> FoundRun:
    """What a folder says of its run."""
    name = str(folder.relative_to(runs))
    process = holder(folder / names.LOCK)
    try:
        description = dict(json.loads((folder / names.RUN).read_text(encoding="utf-8")))
        entries = read_history(folder) if (folder / names.HISTORY).is_file() else []
    except (OSError, ValueError) as cause:
        damaged = f"damaged: {cause}"
        return FoundRun(
            name=name, folder=folder, state=damaged, process=process, description={}, trained={}, measured=()
        )
    trained = [entry for entry in entries if "learning_rate" in entry and "images_per_s" in entry]
    return FoundRun(
        name=name,
        folder=folder,
        state=_state(str(description.get("ended", "")), process),
        process=process,
        description=description,
        trained=trained[-1] if trained else {},
        measured=[entry for entry in entries if VALIDATION in entry],
    )


def holder(lock: Path) -> int:
    """The process that holds a run's folder; 0 where none does. The lock itself is left alone."""
    try:
        with lock.open("rb") as file:
            asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _, _, _, process = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except FileNotFoundError:
        return 0
    return 0 if kind == fcntl.F_UNLCK else int(process)


def flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under names such as `settings.batch.cards`."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _state(ended: str, process: int) -> str:
    if process:
        return "running"
    return INTERRUPTED if ended == RUNNING else ended or INTERRUPTED


def _changed(file: Path) -> float:
    history = file.with_name(names.HISTORY)
    return (history if history.exists() else file).stat().st_mtime
