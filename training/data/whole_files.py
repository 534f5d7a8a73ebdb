"""Files that are whole or absent, whatever happens to the process or the disk while they are written."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.progress import to_stderr

Kept = TypeVar("Kept")

_PARTIAL = ".partial"
_LOCK = ".lock"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `path` when the block ends well and it has reached the disk.

    Otherwise it is removed; of a process that was killed it stays, under another name, until the next one writes it.

    Raises:
        OSError: if it cannot be written.
    """
    unfinished = path.with_name(path.name + _PARTIAL)
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def kept_or_made(path: Path, read: Callable[[], Kept | None], make: Callable[[], None]) -> Kept:
    """What was kept in a file; where it is missing or damaged it is made, by one process at a time.

    Args:
        path: of the file; another beside it is locked meanwhile, and the kernel unlocks it when a process ends.
        read: gives what is kept, None unless it is whole.
        make: writes it.

    Raises:
        OSError: if it cannot be written.
        TrainingError: if it cannot be read once it was made.
    """
    kept = read()
    if kept is not None:
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + _LOCK).open("w", encoding="utf-8") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        kept = read()
        if kept is None:
            if path.exists():
                to_stderr(f"{path} is damaged and is made again\n")
            make()
            kept = read()
    if kept is None:
        raise TrainingError(f"{path} was written and cannot be read; is the disk sound?")
    return kept


def mapped_pictures(path: Path) -> NDArray[np.uint8] | None:
    """The pictures of a `.npy` file, memory-mapped; None unless it is there and whole."""
    try:
        pictures: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return pictures


def begin_pictures(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write the head of a `.npy` file of uint8 [shape]; the pixels follow, picture by picture.

    A mapped file would be shorter, but ends the process where the disk is full.
    """
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
