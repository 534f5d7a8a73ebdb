"""The file `scans.db`: opened for writing, or set aside where it is damaged, and a new one begun."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from edge.files.sqlite import connect, is_damaged
from edge.log.condition import Condition
from edge.log.schema import MIGRATIONS

# A transaction of another program's, such as an export that marks what it has written, takes milliseconds.
_WAIT_S = 1.0


def open_log(path: Path, condition: Condition) -> sqlite3.Connection:
    """Open the log for writing; a damaged one keeps its content under another name, which is said.

    Raises:
        StoreError: if a newer version of the program wrote it.
        OSError, sqlite3.Error: if it cannot be opened or written.
    """
    if condition.damaged:
        condition.set_aside(_set_aside(path))
    try:
        return open_log_as_it_is(path)
    except sqlite3.DatabaseError as failure:
        if not is_damaged(failure):
            raise
    condition.set_aside(_set_aside(path))
    return open_log_as_it_is(path)


def open_log_as_it_is(path: Path) -> sqlite3.Connection:
    """The same, for whom a damaged one is an error.

    Raises:
        StoreError, OSError, sqlite3.Error: likewise.
    """
    connection = connect(path, MIGRATIONS, wait_s=_WAIT_S)
    try:
        connection.execute("SELECT max(id) FROM scan").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside(path: Path) -> str:
    """Rename the file and its write-ahead log, which belongs to it; its index is made anew by whoever opens it."""
    name = f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    path.replace(path.with_name(name))
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.replace(path.with_name(name + suffix))
    return name
