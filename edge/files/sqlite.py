"""SQLite files that programs of several versions read and write: numbered migrations, transactions, damaged files."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from edge.errors import StoreError

# Its group may read it.
_MODE = 0o640
# Of the write-ahead log, once it was checkpointed.
_KEPT_BYTES = 4_000_000
# chosen: rows are written once and hardly read again; SQLite would keep 2,000 KiB of their pages.
_CACHE_KIB = 256
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE = 0xFF


def connect(path: Path, migrations: Sequence[str], *, wait_s: float) -> sqlite3.Connection:
    """Open a file for reading and writing, made where it is absent, and bring it up to date.

    It keeps a write-ahead log, which is not checkpointed on the way: what is committed survives the end of the process,
    and up to a checkpoint perhaps not a power cut. It may be used by one thread at a time.

    Args:
        path: of the file; its folder is made, too.
        migrations: SQL scripts; the file's `user_version` counts those that it has been through.
        wait_s: how long a transaction of another connection is waited for.

    Raises:
        StoreError: if a newer version of the program wrote it.
        OSError, sqlite3.Error: if it cannot be opened or written.
    """
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    _make(path)
    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
            f"PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {_KEPT_BYTES};"
            f"PRAGMA cache_size = -{_CACHE_KIB};"
        )
        _migrate(connection, path, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open a file that exists for reading only, also one of another user's.

    Raises:
        StoreError: if it cannot be read, or is of another version than this program's.
    """
    try:
        connection = _read_only(path)
        version = _version(connection)
    except (OSError, sqlite3.Error) as cause:
        raise StoreError(f"{path} cannot be read: {cause}") from cause
    if version != len(migrations):
        connection.close()
        raise StoreError(
            f"{path} is of version {version} and this program of {len(migrations)}; "
            "start a card-scanner of this version once, which brings it up to date"
            if version < len(migrations)
            else _too_new(path, version, len(migrations))
        )
    return connection


@contextmanager
def reading(path: Path, migrations: Sequence[str]) -> Iterator[sqlite3.Connection]:
    """A file that exists, open for reading only meanwhile, as `connect_to_read` opens it.

    Raises:
        StoreError: if it cannot be read, or is of another version than this program's.
    """
    try:
        with closing(connect_to_read(path, migrations)) as connection:
            yield connection
    except sqlite3.Error as cause:
        raise StoreError(f"{path} cannot be read: {cause}") from cause


def is_absent(path: Path) -> bool:
    """Whether there is no such file; one that is out of reach may be there, and whoever opens it is told so."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def is_damaged(failure: Exception) -> bool:
    """Whether a failure says that the file is torn or no database at all, rather than out of reach."""
    code = getattr(failure, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY_CODE in _DAMAGED


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside is committed at the end, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def used_mb(connection: sqlite3.Connection) -> float:
    """What the content takes, in units of 1e6 bytes; pages that are free are used again before the file grows."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return float((pages - free) * size) / 1e6


def _make(path: Path) -> None:
    """Make the file where it is absent; its group may read it, whatever the umask of the process says."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    except FileExistsError:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
        return
    try:
        os.fchmod(descriptor, _MODE)
    finally:
        os.close(descriptor)


def _read_only(path: Path) -> sqlite3.Connection:
    """One that was closed cleanly has no write-ahead log; in a folder of another user's none can be made."""
    path.stat()
    closed = not path.with_name(f"{path.name}-wal").exists() and not os.access(path.parent, os.W_OK)
    mode = "immutable=1" if closed else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    version = _version(connection)
    if version > len(migrations):
        raise StoreError(_too_new(path, version, len(migrations)))
    while version < len(migrations):
        with transaction(connection):
            # Another process may have been here meanwhile.
            if _version(connection) == version:
                for statement in _statements(migrations[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
        version = _version(connection)


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _too_new(path: Path, version: int, known: int) -> str:
    return (
        f"{path} is of version {version}, and this program knows {known}: a newer card-scanner wrote it; "
        "install that one again, or name another file"
    )
