"""Reads `scans.db`, also while a scanner writes it."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import StoreError
from edge.files.sqlite import connect, reading, transaction, used_mb
from edge.log.schema import MIGRATIONS

_WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedScan:
    """A row of the log; `card`, `matches` and `centering` are JSON, as in the messages."""

    scan: int
    session: str
    confirmed_at: str
    card_id: str
    card: str | None
    distance: float | None
    probability: float | None
    matches: str
    centering: str | None
    model_id: str
    database: str
    exported_at: str | None


@dataclass(frozen=True, slots=True)
class Scanned:
    """Which card a row of the log is."""

    scan: int
    session: str
    confirmed_at: str
    card_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """A run of a scanner, and how many scans of it are in the log."""

    session: str
    device: str
    source: str
    started_at: str
    scans: int


_COLUMNS = ", ".join(each if each != "scan" else "id" for each in LoggedScan.__slots__)


def extent(path: Path) -> tuple[int, float]:
    """How many scans a log holds, and its size in units of 1e6 bytes.

    Raises:
        StoreError: if it cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        (scans,) = connection.execute("SELECT count(*) FROM scan").fetchone()
        return int(scans), used_mb(connection)


def sessions(path: Path) -> list[SessionSummary]:
    """The sessions that have scans, the newest last.

    Raises:
        StoreError: if the log cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        rows = connection.execute(
            "SELECT session.id, device, source, started_at, count(*)"
            " FROM session JOIN scan ON scan.session = session.id GROUP BY session.id ORDER BY started_at, min(scan.id)"
        )
        return [
            SessionSummary(session=session, device=device, source=source, started_at=started_at, scans=scans)
            for session, device, source, started_at, scans in rows
        ]


def read_scans(path: Path, wanted: Sequence[str] | None = None) -> Iterator[LoggedScan]:
    """The scans of these sessions, or all, the oldest first.

    Raises:
        StoreError: if the log cannot be read.
    """
    among = "" if wanted is None else f" WHERE session IN ({', '.join('?' * len(wanted))})"
    with reading(path, MIGRATIONS) as connection:
        for row in connection.execute(f"SELECT {_COLUMNS} FROM scan{among} ORDER BY id", wanted or ()):  # noqa: S608
            yield _logged(row)


def read_scanned(path: Path, after: int | None = None) -> tuple[list[Scanned], int]:
    """Which cards the rows above that one are, or all rows; the oldest first. And how many rows there are.

    Raises:
        StoreError: if the log cannot be read.
    """
    among = "INDEXED BY scan_card" if after is None else "WHERE id > ? ORDER BY id"
    with reading(path, MIGRATIONS) as connection:
        rows = connection.execute(
            f"SELECT id, session, confirmed_at, card_id FROM scan {among}",  # noqa: S608
            () if after is None else (after,),
        )
        found = sorted((Scanned(*row) for row in rows), key=lambda each: each.scan)
        return found, connection.execute("SELECT count(*) FROM scan").fetchone()[0]


def read_scan(path: Path, session: str, scan: int) -> LoggedScan | None:
    """One row of the log; None where it is not there.

    Raises:
        StoreError: if the log cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM scan WHERE id = ? AND session = ?",  # noqa: S608
            (scan, session),
        ).fetchone()
        return None if row is None else _logged(row)


def read_picture(path: Path, session: str, scan: int) -> bytes | None:
    """The picture of a row (JPEG); None where there is none any more.

    Raises:
        StoreError: if the log cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        row = connection.execute(
            "SELECT jpeg FROM picture JOIN scan ON scan.id = picture.scan WHERE scan.id = ? AND session = ?",
            (scan, session),
        ).fetchone()
        return None if row is None else bytes(row[0])


def read_details(path: Path, scans: Sequence[int]) -> dict[int, str]:
    """Row -> what the database knew of its card then, JSON as in the messages; of these rows, where it knew anything.

    Raises:
        StoreError: if the log cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        rows = connection.execute(
            f"SELECT id, card FROM scan WHERE card IS NOT NULL AND id IN ({', '.join('?' * len(scans))})",  # noqa: S608
            tuple(scans),
        )
        return dict(rows.fetchall())


def read_tracks(path: Path, session: str, scans: Sequence[int]) -> dict[int, int]:
    """Row -> the track under which that session saw it last, of these rows.

    Raises:
        StoreError: if the log cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        rows = connection.execute(
            f"SELECT scan, max(track_id) FROM track WHERE session = ? AND scan IN ({', '.join('?' * len(scans))})"  # noqa: S608
            " GROUP BY scan",
            (session, *scans),
        )
        return dict(rows.fetchall())


def mark_exported(path: Path, scans: Iterable[int], exported_at: str) -> None:
    """Note that these scans are kept elsewhere, too: they are the first to go when the log is full.

    Raises:
        StoreError: if the log cannot be written.
    """
    try:
        with closing(connect(path, MIGRATIONS, wait_s=_WAIT_S)) as connection, transaction(connection):
            connection.executemany(
                "UPDATE scan SET exported_at = ? WHERE id = ?", ((exported_at, each) for each in scans)
            )
    except (OSError, sqlite3.Error) as cause:
        raise StoreError(f"{path} cannot be written: {cause}") from cause


def _logged(row: Sequence[Any]) -> LoggedScan:
    return LoggedScan(**dict(zip(LoggedScan.__slots__, row, strict=True)))
