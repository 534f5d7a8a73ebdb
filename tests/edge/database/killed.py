"""Changes databases, killed (SIGKILL) before each line of code that does it, one run after the other.

    python -m tests.edge.database.killed EVERY ACTION FOLDER [BUNDLE]

EVERY is 1 for each line, 7 for each seventh.

The lines are those of the modules that change the disk, `shutil` included. After each kill the state that is left must
be whole; it is printed, and then what doing it again comes to. The last run is not killed.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np

from edge.database import build, installed
from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.bundle import MANIFEST_FILE, check_files
from edge.database.search import CardDatabase
from edge.manifests import read_database_manifest

TRACED = (build.__file__, installed.__file__, shutil.__file__)
NEW = made_up_gallery(random_unit_vectors(np.random.default_rng(1), 12, 16))


def rebuild(folder: Path, _bundle: Path | None) -> None:
    build.write_bundle(folder / "bundle", NEW)


def rebuild_without_exchange(folder: Path, _bundle: Path | None) -> None:
    build.exchange = lambda _first, _second: False
    build.write_bundle(folder / "bundle", NEW)


def install(folder: Path, bundle: Path | None) -> None:
    databases = installed.InstalledDatabases(folder)
    databases.use(databases.install(bundle))


def rollback(folder: Path, _bundle: Path | None) -> None:
    installed.InstalledDatabases(folder).rollback()


def sound_bundle(folder: Path) -> str:
    kept = folder / "bundle" if (folder / "bundle").exists() else folder / ".bundle.former"
    return str(CardDatabase.open(kept, NEW.model).manifest.cards)


def sound_current(folder: Path) -> str:
    current = folder / "current"
    check_files(current, read_database_manifest(current / MANIFEST_FILE))
    return current.resolve().name


ACTIONS = {
    "rebuild": (rebuild, sound_bundle),
    "rebuild-without-exchange": (rebuild_without_exchange, sound_bundle),
    "install": (install, sound_current),
    "rollback": (rollback, sound_current),
}


def killed_at(step: int, act: Callable[[], None]) -> bool:
    """Whether acting in a child process came to that step, before which it was killed."""
    child = os.fork()
    if child == 0:
        sys.settrace(_killer(step))
        act()
        sys.settrace(None)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    return status == signal.SIGKILL


def _killer(step: int) -> Callable[[FrameType, str, object], Callable | None]:
    left = step

    def trace(frame: FrameType, event: str, _argument: object) -> Callable | None:
        nonlocal left
        if frame.f_code.co_filename not in TRACED:
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def main(every: int, action: str, start: Path, bundle: Path | None) -> None:
    act, sound = ACTIONS[action]
    sys.stdout.reconfigure(line_buffering=True)
    step, killed, first = 0, True, sound(start)
    while killed:
        folder = start.with_name(f"{start.name}-{step}")
        shutil.copytree(start, folder, symlinks=True)
        killed = killed_at(step, lambda folder=folder: act(folder, bundle))
        left = sound(folder)
        if left == first:
            act(folder, bundle)
        sys.stdout.write(f"{step} {left} {sound(folder)} {','.join(path.name for path in folder.glob('.*'))}\n")
        shutil.rmtree(folder)
        step += every


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]) if len(sys.argv) > 4 else None)
