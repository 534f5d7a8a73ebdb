"""Notices when a file that is mapped into memory is changed by another program.

Of a mapped file that is cut short, reading what is gone ends the process (SIGBUS); one that is written to gives other
values than those that were checked when it was opened.
"""

import os
from pathlib import Path

from edge.errors import DatabaseError


class UnchangedFile:
    """A file as it was when this was made."""

    def __init__(self, path: Path) -> None:
        """Remember the file's state.

        Raises:
            DatabaseError: if there is no such file.
        """
        self._path = path
        try:
            self._state = _state(path.stat())
        except OSError as cause:
            raise DatabaseError(f"cannot read {path}: {cause.strerror}; copy the database again") from cause

    def check(self) -> None:
        """Check that it has not been written to since.

        A file that was removed, or replaced by another of the same name, is as it was for those who have it open.

        Raises:
            DatabaseError: if it has.
        """
        try:
            state = _state(self._path.stat())
        except OSError:
            return
        if state[:2] == self._state[:2] and state != self._state:
            raise DatabaseError(
                f"{self._path} was changed while it was in use; install another database beside it ('card-scanner "
                "database install') instead of writing over it, and start the scanner again"
            )


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
