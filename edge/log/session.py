"""The run of a scanner that writes the log, and what lay before its camera when it ran last."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from edge.log.presence import RESTART, Lying


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedSession:
    """The run of a scanner that writes.

    Attributes:
        session: its id.
        device: name of the scanner.
        source: of its frames.
        live: whether that is a camera, before which a card lies on while it is interrupted.
    """

    session: str
    device: str
    source: str
    live: bool


def mark_alive(connection: sqlite3.Connection, session: LoggedSession) -> None:
    """Say that this session runs now; the first time, that it has begun."""
    now = utc_now()
    connection.execute(
        "INSERT INTO session VALUES (:id, :device, :source, :now, :now) ON CONFLICT (id) DO UPDATE SET alive_at = :now",
        {"id": session.session, "device": session.device, "source": session.source, "now": now},
    )


def left_lying(connection: sqlite3.Connection, session: LoggedSession) -> list[Lying]:
    """What lay before this camera when its scanner was alive last, if that is not too long ago."""
    since = (datetime.now(UTC) - RESTART).isoformat(timespec="milliseconds")
    rows = connection.execute(
        "SELECT track.scan, track.session, track.track_id, scan.card_id, track.corners"
        " FROM track JOIN session ON session.id = track.session JOIN scan ON scan.id = track.scan"
        " WHERE track.left_at IS NULL AND session.id != ? AND session.device = ? AND session.source = ?"
        " AND session.alive_at >= ?",
        (session.session, session.device, session.source, since),
    )
    return [
        Lying(scan=scan, session=of, track_id=track_id, card_id=card_id, quad=np.asarray(json.loads(corners)))
        for scan, of, track_id, card_id, corners in rows
    ]


def utc_now() -> str:
    """UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
