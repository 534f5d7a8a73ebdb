"""A run's folder: what the run is, that no other process writes into it, and how it ended."""

import fcntl
import json
import logging
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from edge.errors import ConfigurationError
from training.engine import names
from training.engine.history import FILE as HISTORY_FILE
from training.engine.history import RETRY, read_history
from training.errors import TrainingError

RUN_FILE = names.RUN
RUNNING = "not yet, or it was killed"
# What must be the same in a run that goes on, and what it is called. Cards are told by which they are, not by the path
# of their folder.
_COMPARED = {"card_labels": "images of cards, or labels of them", "settings": "settings"}
# Settings that change nothing in what a step learns.
_FREE = ("budget", "workers", "checkpoint_every_s", "checkpoint_every_steps", "log_every_steps", "patience")

log = logging.getLogger(__name__)


class RunFolder:
    """Owns a run's folder while the run lasts; the kernel releases it when the process ends in any way.

    `run.json` holds the description and, under `ended`, how the run ended: `finished`, `stopped` (it can go on) or
    `failed: why`.
    """

    def __init__(self, path: Path, description: Mapping[str, Any], *, resume: bool) -> None:
        """Make the folder, or take the one of a run that goes on; that must be the same run, but for its length.

        Raises:
            ConfigurationError: if another run is in the folder or at work in it, or the run to resume was started
                otherwise.
            TrainingError: if the folder cannot be written.
        """
        self.path = path
        self._description = dict(description)
        self._ended = ""
        check_startable(path, description, resume=resume)
        if resume:
            # What the run began with is known to its first start only.
            self._description = _read(path / RUN_FILE) | self._description
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(path / names.LOCK)
            if not resume:
                (path / HISTORY_FILE).unlink(missing_ok=True)
            self._write(RUNNING)
        except OSError as cause:
            raise TrainingError(f"cannot write into the run's folder {path}: {cause.strerror}") from cause

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write down how the run ended and let go of the folder."""
        ended = self._ended if error is None else f"failed: {error or type(error).__name__}"
        try:
            self._write(ended)
        except OSError as cause:
            log.warning("cannot write to %s how the run ended: %s", self.path / RUN_FILE, cause.strerror)
        finally:
            self._lock.close()

    def end(self, *, finished: bool) -> None:
        """Say that the run reached its end, or was stopped before."""
        self._ended = "finished" if finished else "stopped"

    def _write(self, ended: str) -> None:
        retries = [entry for entry in read_history(self.path) if RETRY in entry] if self._has_history() else []
        state = {"ended": ended, "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "retries": retries}
        unfinished = (self.path / RUN_FILE).with_suffix(".partial")
        unfinished.write_text(json.dumps(self._description | state, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(self.path / RUN_FILE)

    def _has_history(self) -> bool:
        return (self.path / HISTORY_FILE).is_file()


def how_it_ended(path: Path) -> str:
    """What `run.json` in this folder says about the end of the run; empty where there is no run.

    Raises:
        ConfigurationError: if the file is damaged.
    """
    if not (path / RUN_FILE).exists():
        return ""
    return str(_read(path / RUN_FILE).get("ended", ""))


def check_startable(path: Path, description: Mapping[str, Any], *, resume: bool) -> None:
    """Check that a run may start in a folder, or go on there.

    Raises:
        ConfigurationError: if another run is in it, or the run to resume was started otherwise.
    """
    if resume:
        check_same_run(path / RUN_FILE, description)
    elif (path / names.CHECKPOINT).exists():
        raise ConfigurationError(f"{path} holds a run already; choose another --name, or go on with --resume")


def check_same_run(path: Path, description: Mapping[str, Any]) -> None:
    """Check that a run may go on as `description` says.

    Raises:
        ConfigurationError: if there is no run, or its cards were others, or settings that change what a step learns.
    """
    earlier = _read(path)
    current = json.loads(json.dumps(description))
    for run_description in (earlier, current):
        for name in _FREE:
            run_description.get("settings", {}).pop(name, None)
    different = [name for key, name in _COMPARED.items() if earlier.get(key) != current.get(key)]
    if different:
        raise ConfigurationError(f"the run in {path.parent} was started with other {', '.join(different)}; see {path}")


def check_space(folder: Path, checkpoint_bytes: int) -> None:
    """Check that the old, the new and the best checkpoint of a run fit on the disk, before hours are spent.

    Raises:
        TrainingError: if they do not.
    """
    free = shutil.disk_usage(folder).free
    if free < 3 * checkpoint_bytes:
        raise TrainingError(
            f"{folder} is on a disk with {free / 1e6:.0f} MB free; the run's checkpoints take "
            f"{3 * checkpoint_bytes / 1e6:.0f} MB: make room, or choose another folder with --runs"
        )


def _locked(path: Path) -> TextIO:
    file = path.open("w", encoding="utf-8")
    try:
        # A record lock: unlike that of flock, the processes that load batches do not inherit it and hold it on.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as cause:
        file.close()
        raise ConfigurationError(
            f"another process trains in {path.parent}; wait for it, or choose another --name"
        ) from cause
    return file


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as cause:
        raise ConfigurationError(f"there is no run to resume: cannot read {path}; start it without --resume") from cause
