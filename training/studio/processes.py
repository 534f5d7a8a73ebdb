"""Trainings as processes of their own: they outlive the studio, and are known again by what lies in their folders."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from training.data.whole_files import whole_file
from training.errors import TrainingError

# In a run's folder: what its process prints, and which process it is.
OUTPUT, STARTED = "output.log", "started.json"
# geometry: places in /proc/PID/stat behind the name, as proc(5) has it: state, and clock ticks from boot to start.
_STATE, _BEGAN = 0, 19
_TAIL_BYTES = 4096


def start(folder: Path, arguments: Sequence[str]) -> int:
    """Start `card-training` in a session of its own, with its output in the run's folder.

    Args:
        folder: of the run; it is made where there is none.
        arguments: of the command.

    Returns:
        The process.

    Raises:
        TrainingError: if the folder cannot be written, or no process can be started.
    """
    output = folder / OUTPUT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        process = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "training", *arguments],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        with whole_file(folder / STARTED) as file:
            file.write(json.dumps({"process": process, "began": _stat(process)[_BEGAN]}).encode())
    except OSError as cause:
        raise TrainingError(f"cannot start a training in {folder}: {cause.strerror}") from cause
    return process


def started_process(folder: Path) -> int:
    """The process that was started for a run, whoever started it; 0 where it has ended."""
    try:
        noted = json.loads((folder / STARTED).read_text(encoding="utf-8"))
        process, began = int(noted["process"]), noted["began"]
        _reap(process)
        stat = _stat(process)
    except (OSError, ValueError, KeyError, IndexError):
        return 0
    return process if stat[_BEGAN] == began and stat[_STATE] != "Z" else 0


def last_line(folder: Path) -> str:
    """The last line that a run's process printed; empty where there is none."""
    try:
        with (folder / OUTPUT).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.rpartition("\r")[2].strip() for line in reversed(lines) if line.strip()), "")


def _stat(process: int) -> list[str]:
    """What /proc says of a process, from its state on; its name may hold blanks and brackets."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _reap(process: int) -> None:
    """Let go of a process that has ended, where it is this one's child."""
    try:
        os.waitpid(process, os.WNOHANG)
    except ChildProcessError:
        return
