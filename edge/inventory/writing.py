"""Writes `inventory.db`: each change is one transaction, and can be undone."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from edge.errors import StoreError
from edge.files.sqlite import connect, transaction
from edge.inventory.entry import Batch, Entry
from edge.inventory.reading import BATCH_COLUMNS, ENTRY_COLUMNS
from edge.inventory.schema import MIGRATIONS

# chosen: another process that writes, such as a second page, takes milliseconds.
_WAIT_S = 5.0
_NOTHING = Entry()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of what is said of a scan, done, undone or done again."""

    session: str
    scan: int
    before: Entry
    after: Entry


class InventoryFile:
    """The writer. Every call opens the file anew: people change things seldom, and nothing is held meanwhile.

    Whatever a call has returned from is on the disk, also after a power cut. Every call raises `StoreError` where the
    file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """Write that file, which is made with the first change."""
        self.path = path

    def prepare(self) -> None:
        """Make the file, or bring it up to date."""
        with writing(self.path):
            pass

    def change(self, session: str, scan: int, after: Entry, picture: bytes | None = None) -> None:
        """Say this of a scan from now on; what was undone before cannot be done again.

        Args:
            session: of the scan.
            scan: its row in the log.
            after: what is said; all None where nothing is.
            picture: of the scan (JPEG), to be kept where that card is another one than was thought.
        """
        with writing(self.path) as connection:
            before = _entry(connection, session, scan)
            if before == after:
                return
            connection.execute("DELETE FROM edit WHERE undone")
            connection.execute(
                "INSERT INTO edit (at, session, scan, before, after) VALUES (?, ?, ?, ?, ?)",
                (_now(), session, scan, _json(before), _json(after)),
            )
            _put(connection, session, scan, after)
            if picture is not None:
                connection.execute("INSERT OR REPLACE INTO picture VALUES (?, ?, ?)", (session, scan, picture))

    def undo(self) -> Edit | None:
        """Take the newest change back; None where there is none left."""
        return self._turn("undo")

    def redo(self) -> Edit | None:
        """Do again what was undone last; None where there is nothing."""
        return self._turn("redo")

    def begin(self, batch: Batch) -> None:
        """From now on, scans are of this batch."""
        values = tuple(asdict(replace(batch, started_at=_now())).values())[1:]
        with writing(self.path) as connection:
            places = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO batch ({BATCH_COLUMNS}) VALUES ({places})", values)  # noqa: S608

    def put_prices(self, name: str, as_of: str, currency: str, prices: Mapping[tuple[str, str], str]) -> None:
        """Take the prices of a file in the place of all that were there.

        Args:
            name: of the file.
            as_of: day of the prices, ISO 8601.
            currency: ISO 4217.
            prices: (card id, finish) -> amount.
        """
        with writing(self.path) as connection:
            connection.execute("DELETE FROM price")
            connection.execute("DELETE FROM price_list")
            (number,) = connection.execute(
                "INSERT INTO price_list (name, as_of, currency, imported_at) VALUES (?, ?, ?, ?) RETURNING id",
                (name, as_of, currency, _now()),
            ).fetchone()
            connection.executemany(
                "INSERT INTO price VALUES (?, ?, ?, ?)",
                ((card_id, finish, number, amount) for (card_id, finish), amount in prices.items()),
            )

    def _turn(self, way: Literal["undo", "redo"]) -> Edit | None:
        which = "NOT undone ORDER BY id DESC" if way == "undo" else "undone ORDER BY id"
        with writing(self.path) as connection:
            row = connection.execute(
                f"SELECT id, session, scan, before, after FROM edit WHERE {which} LIMIT 1"  # noqa: S608
            ).fetchone()
            if row is None:
                return None
            number, session, scan, before, after = row
            edit = Edit(session=session, scan=scan, before=_of(before), after=_of(after))
            _put(connection, session, scan, edit.before if way == "undo" else edit.after)
            connection.execute("UPDATE edit SET undone = ? WHERE id = ?", (way == "undo", number))
            return edit


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, which is on the disk at the end.

    Raises:
        StoreError: if the file cannot be written.
    """
    try:
        with closing(connect(path, MIGRATIONS, wait_s=_WAIT_S)) as connection:
            with transaction(connection):
                yield connection
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except (OSError, sqlite3.Error) as cause:
        raise StoreError(f"{path} cannot be written: {cause}; is there room, and may you write there?") from cause


def _entry(connection: sqlite3.Connection, session: str, scan: int) -> Entry:
    row = connection.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entry WHERE session = ? AND scan = ?",  # noqa: S608
        (session, scan),
    ).fetchone()
    return _NOTHING if row is None else Entry(**dict(zip((each.name for each in fields(Entry)), row, strict=True)))


def _put(connection: sqlite3.Connection, session: str, scan: int, entry: Entry) -> None:
    connection.execute("DELETE FROM entry WHERE session = ? AND scan = ?", (session, scan))
    if entry != _NOTHING:
        values = (session, scan, *asdict(entry).values())
        places = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO entry (session, scan, {ENTRY_COLUMNS}) VALUES ({places})", values)  # noqa: S608


def _json(entry: Entry) -> str:
    return json.dumps({name: value for name, value in asdict(entry).items() if value is not None}, ensure_ascii=False)


def _of(text: str) -> Entry:
    return Entry(**json.loads(text))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
