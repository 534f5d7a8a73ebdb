"""What keeps the log in order, in a thread of its own: checkpoints, its size, and when the scanner was alive last."""

import sqlite3
import threading

from edge.errors import ScannerError
from edge.files.sqlite import is_damaged, transaction, used_mb
from edge.log.file import open_log_as_it_is
from edge.log.scan_log import ScanLog
from edge.log.session import mark_alive

# chosen: how often the write-ahead log is taken into the file, which is as much as a power cut may cost.
INTERVAL_S = 10.0
# chosen: below its greatest size by so much, so that not every card removes another one.
_ROOM = 0.05
# chosen: rows that are removed in one transaction, which the thread that publishes may have to wait for.
_AT_ONCE = 20

_REMOVALS = (
    (
        "exported scans",
        "DELETE FROM scan WHERE id IN (SELECT id FROM scan WHERE exported_at IS NOT NULL ORDER BY id LIMIT ?)",
    ),
    (
        "pictures of scans that were not exported",
        "DELETE FROM picture WHERE scan IN (SELECT scan FROM picture ORDER BY scan LIMIT ?)",
    ),
    (
        "scans that were not exported",
        "DELETE FROM scan WHERE id IN (SELECT id FROM scan ORDER BY id LIMIT ?)",
    ),
)
"""What is removed from a full log, the dearest last."""


class Upkeep:
    """Looks after the log again and again."""

    def __init__(self, scans: ScanLog, most_mb: int, stop: threading.Event) -> None:
        """Look after this log.

        Args:
            scans: its writer.
            most_mb: greatest size of the log, in units of 1e6 bytes.
            stop: ends the waiting.
        """
        self._path, self._session, self._condition = scans.path, scans.session, scans.condition
        self._most_mb = most_mb
        self._stop = stop

    def step(self) -> bool:
        """Wait a while, and look after the log; there is always more to do."""
        if not self._stop.wait(INTERVAL_S):
            self.look_after()
        return True

    def look_after(self) -> None:
        """Say that the scanner is alive, make room where the log is full, and take what was committed into the file."""
        if self._condition.damaged:
            return
        try:
            connection = open_log_as_it_is(self._path)
            try:
                self._stay_alive(connection)
                self._make_room(connection)
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                connection.close()
            self._condition.works("looked after")
        except (sqlite3.Error, OSError, ScannerError) as failure:
            self._condition.failed("looked after", failure, damaged=is_damaged(failure))

    def _stay_alive(self, connection: sqlite3.Connection) -> None:
        """Only while a card lies there, which is what it is for."""
        (lies,) = connection.execute(
            "SELECT EXISTS (SELECT * FROM track WHERE session = ? AND left_at IS NULL)", (self._session.session,)
        ).fetchone()
        if lies:
            mark_alive(connection, self._session)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        if used_mb(connection) <= self._most_mb:
            return
        for what, statement in _REMOVALS:
            removed = 0
            while used_mb(connection) > (1 - _ROOM) * self._most_mb and not self._stop.is_set():
                with transaction(connection):
                    count = connection.execute(statement, (_AT_ONCE,)).rowcount
                removed += count
                if count == 0:
                    break
            if removed:
                self._condition.removed(what, removed, self._most_mb)
