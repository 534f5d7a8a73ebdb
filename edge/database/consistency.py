"""Checks that the tables of a bundle fit each other, whoever wrote them and their checksums."""

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.database.bundle import (
    GOLDEN_FILE,
    LOOKALIKES_FILE,
    METADATA_FILE,
    REPAIR,
    ROWS_FILE,
    GoldenCrop,
    IndexRow,
    LookalikeGroup,
)
from edge.database.references import names_of
from edge.database.vectors import of_unit_length
from edge.errors import DatabaseError
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.manifests import DatabaseManifest
from edge.wire.messages import CardDetails


def check_rows(
    path: Path, rows: Sequence[IndexRow], metadata: Mapping[str, CardDetails], manifest: DatabaseManifest
) -> None:
    """Check that the rows are as many as the manifest says, and those of the cards that the metadata describe.

    Raises:
        DatabaseError: naming the first card that differs.
    """
    cards = {row.card_id for row in rows}
    if (len(rows), len(cards)) != (manifest.rows, manifest.cards):
        raise DatabaseError(
            f"{path / ROWS_FILE} lists {len(rows)} rows of {len(cards)} cards, the manifest {manifest.rows} of "
            f"{manifest.cards}; {REPAIR}"
        )
    if cards != set(metadata):
        first = min(cards ^ set(metadata))
        raise DatabaseError(
            f"{path}: {ROWS_FILE} and {METADATA_FILE} are not of the same cards; the first that differs is {first}; "
            f"{REPAIR}"
        )


def check_lookalikes(
    path: Path, groups: Sequence[LookalikeGroup], rows: Iterable[IndexRow], pictures: Container[str]
) -> None:
    """Check that look-alikes are cards of the bundle, and their pictures and windows where they must be.

    Args:
        path: of the bundle.
        groups: that it has.
        rows: of it.
        pictures: names of those that it has of look-alikes.

    Raises:
        DatabaseError: naming what is not.
    """
    ways_up: dict[str, set[int]] = {}
    for row in rows:
        ways_up.setdefault(row.card_id, set()).add(row.rotation)
    for group in groups:
        for x, y, width, height in group.windows:
            if x + width > RECTIFIED_WIDTH or y + height > RECTIFIED_HEIGHT:
                raise DatabaseError(f"{path / LOOKALIKES_FILE}: a window reaches out of the card; {REPAIR}")
        known = [ways_up.get(member.card_id) for member in group.members]
        if None in known or any(each != known[0] for each in known):
            first = group.members[0].card_id
            raise DatabaseError(
                f"{path / LOOKALIKES_FILE}: the look-alikes of {first} are not all cards with the same ways up in "
                f"{ROWS_FILE}; {REPAIR}"
            )
    _check_listed(path / LOOKALIKES_FILE, names_of(groups), pictures)


def check_golden_crops(path: Path, golden: Sequence[GoldenCrop], manifest: DatabaseManifest) -> None:
    """Check that the golden crops have embeddings like those of the bundle.

    Raises:
        DatabaseError: naming the crop that has not.
    """
    _check_listed(path / GOLDEN_FILE, [crop.file for crop in golden], manifest.files)
    for crop in golden:
        if len(crop.embedding) != manifest.dimension or not of_unit_length(np.array(crop.embedding)):
            raise DatabaseError(
                f"{path / GOLDEN_FILE}: the embedding of {crop.file} is not of length 1 in {manifest.dimension} "
                f"dimensions; {REPAIR}"
            )


def _check_listed(table: Path, files: Iterable[str], listed: Container[str]) -> None:
    """A file that the manifest does not list is not one whose checksum was compared."""
    unlisted = [file for file in files if file not in listed]
    if unlisted:
        raise DatabaseError(f"{table} names {unlisted[0]}, which the manifest does not list; {REPAIR}")
