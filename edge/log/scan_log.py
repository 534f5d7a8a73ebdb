"""Writes what is confirmed into `scans.db`, before it is published."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from edge.errors import ScannerError
from edge.files.sqlite import is_damaged, transaction
from edge.geometry import MOVED_IOU, quad_iou
from edge.log.condition import Condition
from edge.log.file import open_log
from edge.log.presence import Lying, Presence, is_better, quad_of
from edge.log.rows import Look, Provenance, close_track, correct_scan, insert_scan, put_centering, put_track
from edge.log.session import LoggedSession, left_lying, mark_alive
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage


class ScanLog:
    """The writer of the log; used by the thread that publishes. It never raises: what fails is the condition's."""

    def __init__(self, path: Path, session: LoggedSession, provenance: Callable[[], Provenance]) -> None:
        """Open the file; one that cannot be opened now is tried again with each card.

        Args:
            path: of the file.
            session: that writes.
            provenance: of what is confirmed now.
        """
        self.path = path
        self.session = session
        self.condition = Condition(path)
        self._provenance = provenance
        self._presence = Presence()
        self._stretch = 0
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        try:
            self._opened()
        except (sqlite3.Error, OSError, ScannerError) as failure:
            self._failed(failure, [])

    def take(self, messages: Sequence[CardMessage], stretch: int, look: Look | None = None) -> None:
        """Commit what these messages say, all or nothing.

        Args:
            messages: in order, still to be published.
            stretch: of the frames that they are of; where it is another one, no track goes on.
            look: what they rest on, where they follow from an answer.
        """
        interrupted = stretch != self._stretch and self.session.live
        self._stretch = stretch
        wanted = [message for message in messages if self._changes(message)]
        if not wanted:
            return
        try:
            connection = self._opened()
            with transaction(connection):
                for message in wanted:
                    self._write(connection, message, look, interrupted=interrupted)
        except (sqlite3.Error, OSError, ScannerError) as failure:
            self._failed(failure, wanted)
        else:
            self.condition.works("written")

    def degraded(self) -> tuple[str, ...]:
        """A sentence for each thing that is wrong with the log."""
        return self.condition.degraded()

    def close(self) -> None:
        """Close the file; what lies there stays open, for a scanner that is started again."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                mark_alive(self._connection, self.session)
        self._close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and not self.condition.damaged and _inode(self.path) == self._inode:
            return self._connection
        self._close()
        connection = open_log(self.path, self.condition)
        try:
            with transaction(connection):
                mark_alive(connection, self.session)
                lying = left_lying(connection, self.session)
        except BaseException:
            connection.close()
            raise
        inode = _inode(self.path)
        if inode != self._inode:
            self._presence, self._inode = Presence(), inode
            self._presence.leave_lying(lying)
        self._connection = connection
        return connection

    def _failed(self, failure: Exception, wanted: Sequence[CardMessage]) -> None:
        """Begin anew with the next card: a connection may be of no use once the disk was full."""
        missing = sum(message.topic is Topic.CONFIRMED for message in wanted)
        self.condition.failed("written", failure, missing=missing, damaged=is_damaged(failure))
        self._presence.forget(message.track_id for message in wanted)
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _changes(self, message: CardMessage) -> bool:
        """Whether there is anything to write."""
        if message.topic is Topic.CONFIRMED:
            return True
        card = self._presence.of_track(message.track_id)
        return card is not None and (
            message.topic is Topic.LEFT
            or quad_iou(card.quad, quad_of(message)) < MOVED_IOU
            or (message.card_id == card.card_id and is_better(message.centering, card.centering))
        )

    def _write(
        self, connection: sqlite3.Connection, message: CardMessage, look: Look | None, *, interrupted: bool
    ) -> None:
        if message.topic is Topic.LEFT:
            self._leave(connection, message, interrupted=interrupted)
            return
        if message.topic is Topic.CONFIRMED and look is not None:
            self._confirm(connection, message, look)
        card = self._presence.of_track(message.track_id)
        if card is None:
            return
        card.quad = quad_of(message)
        put_track(connection, message, card.scan)
        if message.card_id == card.card_id and message.centering and is_better(message.centering, card.centering):
            card.centering = message.centering
            put_centering(connection, card.scan, message.centering)

    def _confirm(self, connection: sqlite3.Connection, message: CardMessage, look: Look) -> None:
        """Log a card, or that one which is logged lies there still, or is another one than was thought."""
        same, moved_away = self._presence.same_card(message, look.shown_since), self._presence.in_place(message)
        for each in [*moved_away, *([] if same is None else [same])]:
            close_track(connection, each, message.published_at)
        if same is None:
            scan = insert_scan(connection, message, self._provenance(), look)
        else:
            scan = same.scan
            if same.card_id != message.card_id:
                correct_scan(connection, scan, message, self._provenance(), look)
        put_track(connection, message, scan)
        kept = None if same is None or same.card_id != message.card_id else same.centering
        self._presence.taken_away(moved_away)
        self._presence.put(
            Lying(
                scan=scan,
                session=message.session,
                track_id=message.track_id,
                card_id=message.card_id or "",
                quad=quad_of(message),
                shown_since=look.shown_since,
                centering=kept,
            )
        )

    def _leave(self, connection: sqlite3.Connection, message: CardMessage, *, interrupted: bool) -> None:
        card = self._presence.of_track(message.track_id)
        if card is None:
            return
        self._presence.left(message.track_id)
        if interrupted:
            self._presence.leave_lying([card])
        else:
            close_track(connection, card, message.published_at)


def _inode(path: Path) -> int | None:
    """By which one sees that somebody has put another file there, or none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None
