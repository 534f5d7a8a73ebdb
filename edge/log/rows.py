"""What is written into the tables of `scans.db`."""

import json
import sqlite3
from dataclasses import dataclass

from edge.geometry import Image, Quad
from edge.imaging.rectification import rectified_jpeg
from edge.log.presence import Lying
from edge.wire.centering import CenteringReport
from edge.wire.messages import CardMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The model and the card database that confirm."""

    model_id: str
    database: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What a confirmation rests on.

    Attributes:
        image: uint8 [H, W, 3] BGR, the frame.
        quad: the card in it, in pixels, from its own top-left.
        shown_since: first frame since which the track has shown what it shows.
    """

    image: Image
    quad: Quad
    shown_since: int


def insert_scan(connection: sqlite3.Connection, message: CardMessage, provenance: Provenance, look: Look) -> int:
    """Log another card; its row."""
    cursor = connection.execute(
        "INSERT INTO scan (session, confirmed_at, captured_at, frame_id, card_id, card, distance, probability, matches,"
        " model_id, database) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message.session,
            message.published_at,
            message.captured_at,
            message.frame_id,
            *_verdict(message, provenance),
        ),
    )
    scan = cursor.lastrowid or 0
    connection.execute("INSERT INTO picture VALUES (?, ?)", (scan, _picture(look)))
    return scan


def correct_scan(
    connection: sqlite3.Connection, scan: int, message: CardMessage, provenance: Provenance, look: Look
) -> None:
    """Log that a card is another one than was thought."""
    connection.execute(
        "UPDATE scan SET card_id = ?, card = ?, distance = ?, probability = ?, matches = ?, model_id = ?, database = ?,"
        " centering = NULL WHERE id = ?",
        (*_verdict(message, provenance), scan),
    )
    connection.execute("INSERT OR REPLACE INTO picture VALUES (?, ?)", (scan, _picture(look)))


def put_centering(connection: sqlite3.Connection, scan: int, centering: CenteringReport) -> None:
    """Log a better measurement of a card."""
    connection.execute("UPDATE scan SET centering = ? WHERE id = ?", (centering.model_dump_json(), scan))


def put_track(connection: sqlite3.Connection, message: CardMessage, scan: int) -> None:
    """Log under which track a card lies there, and where; not where its scan was removed meanwhile."""
    connection.execute(
        "INSERT OR REPLACE INTO track (session, track_id, scan, corners) SELECT ?, ?, id, ? FROM scan WHERE id = ?",
        (message.session, message.track_id, json.dumps(message.corners), scan),
    )


def close_track(connection: sqlite3.Connection, card: Lying, left_at: str) -> None:
    """Log that a card does not lie there any more, as far as is known."""
    connection.execute(
        "UPDATE track SET left_at = ? WHERE session = ? AND track_id = ? AND scan = ? AND left_at IS NULL",
        (left_at, card.session, card.track_id, card.scan),
    )


def _verdict(message: CardMessage, provenance: Provenance) -> tuple[str | float | None, ...]:
    return (
        message.card_id,
        None if message.card is None else message.card.model_dump_json(),
        message.distance,
        message.probability,
        json.dumps([match.model_dump(mode="json") for match in message.matches]),
        provenance.model_id,
        provenance.database,
    )


def _picture(look: Look) -> bytes:
    return rectified_jpeg(look.image, look.quad)
