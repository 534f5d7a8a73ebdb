"""Names and pictures of the cards of a database, for whoever looks at results."""

import functools
import logging
from collections.abc import Mapping
from pathlib import Path

from edge.database.bundle import MANIFEST_FILE, read_metadata
from edge.database.prints import PrintReferences, open_prints
from edge.errors import ScannerError
from edge.manifests import read_database_manifest
from edge.page.search import CardSearch
from edge.wire.messages import CardDetails

_log = logging.getLogger(__name__)


class Cards:
    """What a card database knows of its cards; nothing where it cannot be read, which `trouble` says.

    Attributes:
        trouble: a sentence, else None.
        search: finds cards by what people type.
    """

    def __init__(self, folder: Path | None) -> None:
        """Open the database in that folder; None knows no card."""
        self.trouble: str | None = None
        self._details: Mapping[str, CardDetails] = {}
        self._pictures: PrintReferences | None = None
        self.search = CardSearch(self._details)
        if folder is None:
            return
        try:
            manifest = read_database_manifest(folder / MANIFEST_FILE)
            self._details = read_metadata(folder)
            self.search = CardSearch(self._details)
            self._pictures = open_prints(folder, sorted(self._details), manifest)
        except ScannerError as cause:
            self.trouble = f"Names and pictures of cards are missing: {cause}"
            _log.warning("%s", self.trouble)

    def details(self, card_id: str) -> CardDetails | None:
        """What is known of a card."""
        return self._details.get(card_id)

    @functools.cached_property
    def sets(self) -> list[tuple[str, str]]:
        """Code and name of every set, by name."""
        return sorted({(each.set_code, each.set_name) for each in self._details.values()}, key=lambda each: each[::-1])

    def pictured(self, card_id: str | None) -> bool:
        """Whether there is a reference picture of it."""
        return self._pictures is not None and card_id in self._details

    def picture(self, card_id: str) -> bytes | None:
        """Its reference picture (WebP); None where the database has none."""
        if self._pictures is None or not self.pictured(card_id):
            return None
        try:
            return self._pictures.of(card_id).encoded
        except ScannerError as cause:
            _log.warning("%s", cause)
            return None
