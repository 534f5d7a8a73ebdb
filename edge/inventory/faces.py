"""Pictures of the sides of scanned cards on which people measure, and what they measured."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from edge.files.sqlite import reading
from edge.inventory.schema import MIGRATIONS
from edge.inventory.writing import writing

FaceName = Literal["front", "back"]
Corners = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One side of a scanned card.

    Attributes:
        face: which one.
        jpeg: the picture.
        outer: the card's corners in its pixels, clockwise from the card's own top-left.
        inner: the print's, likewise; None before somebody has placed them.
        centering: JSON as in the messages; None before that.
    """

    face: FaceName
    jpeg: bytes
    outer: Corners
    inner: Corners | None = None
    centering: str | None = None


def put_face(path: Path, session: str, scan: int, face: Face) -> None:
    """Keep this in the place of what was kept of that side.

    Raises:
        StoreError: if the inventory cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    inner = None if face.inner is None else json.dumps(face.inner)
    with writing(path) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO face VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (session, scan, face.face, now, face.jpeg, json.dumps(face.outer), inner, face.centering),
        )


def forget_face(path: Path, session: str, scan: int, face: FaceName) -> None:
    """Forget what was kept of that side.

    Raises:
        StoreError: if the inventory cannot be written.
    """
    with writing(path) as connection:
        connection.execute("DELETE FROM face WHERE session = ? AND scan = ? AND face = ?", (session, scan, face))


def read_faces(path: Path, session: str, scan: int) -> dict[FaceName, Face]:
    """What is kept of a scan's sides.

    Raises:
        StoreError: if the inventory cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        rows = connection.execute(
            "SELECT face, jpeg, outer, inner, centering FROM face WHERE session = ? AND scan = ?", (session, scan)
        ).fetchall()
    return {
        face: Face(
            face=face,
            jpeg=jpeg,
            outer=json.loads(outer),
            inner=None if inner is None else json.loads(inner),
            centering=centering,
        )
        for face, jpeg, outer, inner, centering in rows
    }
