"""Reads `scans.db`, also while a scanner writes it."""

from contextlib import closing
from pathlib import Path

from edge.files.sqlite import connect_to_read, used_mb
from edge.log.schema import MIGRATIONS


def extent(path: Path) -> tuple[int, float]:
    """How many scans a log holds, and its size in units of 1e6 bytes.

    Raises:
        StoreError: if it cannot be read.
    """
    with closing(connect_to_read(path, MIGRATIONS)) as connection:
        (scans,) = connection.execute("SELECT count(*) FROM scan").fetchone()
        return int(scans), used_mb(connection)
