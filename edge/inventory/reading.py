"""Reads `inventory.db`."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.files.sqlite import connect_to_read
from edge.inventory.schema import MIGRATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody says of a scan; None where nothing is said.

    Attributes:
        quantity: how many there are; 0 takes the scan out.
        condition: one of `Mint`, `NM`, `LP`, `MP`, `HP`, `Damaged`.
        language: ISO 639-1, such as `ja`; of Chinese also the script, `zh-Hans` and `zh-Hant`.
        finish: free text; `normal`, `holo`, `reverse`, `foil`, `etched`, `first edition` are known to the exports.
    """

    quantity: int = 1
    condition: str | None = None
    language: str | None = None
    finish: str | None = None


def read_entries(path: Path) -> dict[tuple[str, int], Entry]:
    """(session, scan) -> entry.

    Raises:
        StoreError: if the file cannot be read.
    """
    with closing(connect_to_read(path, MIGRATIONS)) as connection:
        rows = connection.execute("SELECT session, scan, quantity, condition, language, finish FROM entry")
        return {
            (session, scan): Entry(quantity=quantity, condition=condition, language=language, finish=finish)
            for session, scan, quantity, condition, language, finish in rows
        }
