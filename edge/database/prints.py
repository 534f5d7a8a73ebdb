"""Reference pictures of a bundle's cards, in one file that is read card by card.

    prints.bin   the pictures (WebP, 158 x 220 pixels), one after the other
    prints.npy   float64 [cards + backs, 6]: start and length in prints.bin, then the borders of the original in mm,
                 left, right, top, bottom (NaN where there is no printed border); cards by ascending card id, then backs

About 3 kB a card. A bundle that was built without them has neither file.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.arrays import map_array
from edge.database.bundle import MANIFEST_FILE, REPAIR
from edge.database.pictures import PictureFile
from edge.errors import DatabaseError
from edge.geometry import CARD_WIDTH_MM, SIDES
from edge.imaging.print_reference import PrintReference
from edge.manifests import DatabaseManifest, read_database_manifest

PICTURES_FILE = "prints.bin"
TABLE_FILE = "prints.npy"
_COLUMNS = 2 + len(SIDES)

Table = NDArray[np.float64]


class PrintReferences:
    """The reference pictures of a bundle; stays readable when the bundle is replaced on disk."""

    def __init__(self, pictures: PictureFile, table: Table, card_ids: Sequence[str]) -> None:
        """Read from an open file by its checked table."""
        self._pictures = pictures
        self._table = table
        self._rows = {card_id: row for row, card_id in enumerate(card_ids)}
        self._cards = len(card_ids)

    @property
    def backs(self) -> tuple[PrintReference, ...]:
        """The backs that the bundle's cards have."""
        rows = range(self._cards, len(self._table))
        return tuple(self._read(row, f"back {number}") for number, row in enumerate(rows))

    def of(self, card_id: str) -> PrintReference:
        """The reference of one of the bundle's cards; its picture is decoded by whoever needs it.

        Raises:
            DatabaseError: if the file was cut short meanwhile.
        """
        return self._read(self._rows[card_id], card_id)

    def _read(self, row: int, name: str) -> PrintReference:
        start, length = (int(value) for value in self._table[row, :2])
        borders = self._table[row, 2:]
        return PrintReference(
            encoded=self._pictures.read(start, length, name),
            borders_mm=None if np.isnan(borders[0]) else dict(zip(SIDES, map(float, borders), strict=True)),
            name=name,
        )


def open_prints(path: Path, card_ids: Sequence[str], manifest: DatabaseManifest) -> PrintReferences | None:
    """Open the reference pictures of a bundle whose files have been checked; None where it was built without them.

    Args:
        path: of the bundle.
        card_ids: of all its cards, sorted.
        manifest: of the bundle.

    Raises:
        DatabaseError: if the two files do not fit together.
    """
    if TABLE_FILE not in manifest.files or PICTURES_FILE not in manifest.files:
        return None
    table = np.array(map_array(path / TABLE_FILE, "<f8", _COLUMNS), dtype=np.float64)
    pictures = PictureFile(path / PICTURES_FILE)
    if len(table) < len(card_ids) or not _places_fit(table[:, :2], pictures.size) or not _borders_fit(table[:, 2:]):
        raise DatabaseError(f"{path / TABLE_FILE} does not fit the bundle's cards and pictures; {REPAIR}")
    return PrintReferences(pictures, table, card_ids)


def _places_fit(places: Table, size: int) -> bool:
    """Whether starts and lengths are whole numbers that lie in a file of that size; NaN is none."""
    return bool((places >= 0).all() and (places == np.floor(places)).all() and (places.sum(axis=1) <= size).all())


def _borders_fit(borders: Table) -> bool:
    """Whether each picture has four borders that a card has room for, or none."""
    absent = np.isnan(borders).all(axis=1)
    return bool((absent | ((borders >= 0) & (borders < CARD_WIDTH_MM)).all(axis=1)).all())


def read_backs(path: Path) -> tuple[PrintReference, ...]:
    """The backs in the bundle at `path`, without opening the rest of it; none where there is no such bundle.

    Raises:
        DatabaseError: if there is a bundle, and it is damaged.
    """
    if not (path / MANIFEST_FILE).is_file():
        return ()
    manifest = read_database_manifest(path / MANIFEST_FILE)
    prints = open_prints(path, [""] * manifest.cards, manifest)
    return () if prints is None else prints.backs


def dump_prints(prints: Mapping[str, PrintReference], backs: Sequence[PrintReference]) -> dict[str, bytes]:
    """The two files as `open_prints` reads them: file name -> content; none without prints."""
    if not prints:
        return {}
    references = [*(prints[card_id] for card_id in sorted(prints)), *backs]
    lengths = np.array([len(reference.encoded) for reference in references], dtype=np.float64)
    borders = [[np.nan] * 4 if r.borders_mm is None else [r.borders_mm[side] for side in SIDES] for r in references]
    table = np.column_stack([np.cumsum(lengths) - lengths, lengths, np.array(borders, dtype=np.float64)])
    buffer = io.BytesIO()
    np.save(buffer, table, allow_pickle=False)
    return {PICTURES_FILE: b"".join(r.encoded for r in references), TABLE_FILE: buffer.getvalue()}
