"""All cards that were ever scanned, as the log has them and as people have corrected them, with their counts."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from pathlib import Path

from edge.errors import StoreError
from edge.files.sqlite import is_absent
from edge.inventory.entry import Batch, Entry, Inventory, copies
from edge.inventory.reading import Price, read_inventory, read_prices
from edge.log.reading import Scanned, read_scanned

# geometry: the scanner may take back what a card is while it remembers it; those are among the newest rows.
_UNSETTLED = 300

_REMEDY = (
    "A damaged log is set aside when the scanner starts again ('sudo systemctl restart card-scanner'); one that is "
    "out of reach has to be readable for the user of the page."
)

Token = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A scan as it counts.

    Attributes:
        scan, session, at: its row in the log, and when it was confirmed.
        card_id: the card that it is.
        taken_for: the card that it was recognised as, where that is another one.
        entry: what holds for it.
        batch: in which it was scanned.
        before, after: copies of its card without and with it.
        price: of one copy; None where there is none, which is not 0.
    """

    scan: int
    session: str
    at: str
    card_id: str
    taken_for: str | None
    entry: Entry
    batch: Batch
    before: int
    after: int
    price: Price | None


class _Tally:
    """Rows with their counts; rows are only ever added, so that others may read meanwhile."""

    def __init__(self, said: Inventory, prices: Mapping[tuple[str, str], Price]) -> None:
        self.said, self.prices = said, prices
        self.scanned: list[Scanned] = []
        self.rows: list[Held] = []
        self.places: dict[tuple[str, int], int] = {}
        self.counts: Counter[str] = Counter()
        self.cards, self.priced, self.value = 0, 0, Decimal(0)

    def add(self, scanned: Sequence[Scanned]) -> None:
        for each in scanned:
            entry = self.said.of(each.session, each.scan, each.confirmed_at)
            card_id = entry.card_id or each.card_id
            before, more = self.counts[card_id], copies(entry)
            price = self._price(card_id, entry.finish)
            self.rows.append(
                Held(
                    scan=each.scan,
                    session=each.session,
                    at=each.confirmed_at,
                    card_id=card_id,
                    taken_for=each.card_id if card_id != each.card_id else None,
                    entry=entry,
                    batch=self.said.batch_at(each.confirmed_at),
                    before=before,
                    after=before + more,
                    price=price,
                )
            )
            self.places[each.session, each.scan] = len(self.rows) - 1
            self.counts[card_id] += more
            self.cards += more
            if price is not None:
                self.priced += more
                self.value += more * Decimal(price.amount)
        self.scanned += scanned

    def _price(self, card_id: str, finish: str | None) -> Price | None:
        wanted = ("", "normal") if finish is None else (finish.lower(), "")
        return next((self.prices[card_id, each] for each in wanted if (card_id, each) in self.prices), None)


class Collection:
    """Reads log and inventory again where they have changed. Several threads may use it.

    Attributes:
        log, inventory: their files.
        revision: counts up with every change.
        trouble: a sentence where they cannot be read, else None.
    """

    def __init__(self, log: Path, inventory: Path) -> None:
        """Nothing is read yet."""
        self.log, self.inventory = log, inventory
        self.revision = 0
        self.trouble: str | None = None
        self._tally = _Tally(Inventory(), {})
        self._tokens: tuple[Token, Token] | None = None
        self._refreshing = threading.Lock()

    @property
    def rows(self) -> Sequence[Held]:
        """The oldest first."""
        return self._tally.rows

    @property
    def said(self) -> Inventory:
        """What people say."""
        return self._tally.said

    @property
    def prices(self) -> Mapping[tuple[str, str], Price]:
        """(card id, finish) -> price."""
        return self._tally.prices

    @property
    def cards(self) -> int:
        """Copies in all."""
        return self._tally.cards

    @property
    def different(self) -> int:
        """How many different cards there are copies of."""
        return sum(count > 0 for count in self._tally.counts.values())

    @property
    def worth(self) -> tuple[Decimal, int]:
        """Of the copies that have a price, and how many those are."""
        return self._tally.value, self._tally.priced

    @property
    def batch(self) -> Batch | None:
        """The batch that scans are of now."""
        return self.said.batches[-1] if self.said.batches else None

    def of(self, session: str, scan: int) -> Held | None:
        """A scan; None where the log does not have it."""
        tally = self._tally
        index = tally.places.get((session, scan))
        return None if index is None else tally.rows[index]

    def times_of(self, session: str | None) -> list[float] | None:
        """When each card of the newest run was confirmed, seconds since 1970, ascending; None where that is not known.

        Args:
            session: the run's.
        """
        if self.trouble is not None:
            return None
        newest = takewhile(lambda row: row.session == session, reversed(self.rows))
        return [datetime.fromisoformat(row.at).timestamp() for row in newest][::-1]

    def refresh(self) -> bool:
        """Take in what has changed; whether there was anything."""
        with self._refreshing:
            tokens = _token(self.log), _token(self.inventory)
            if tokens == self._tokens:
                return False
            trouble, revision = self.trouble, self.revision
            try:
                self._read(anew=self._tokens is None or tokens[1] != self._tokens[1])
                self._tokens, self.trouble = tokens, None
            except StoreError as cause:
                self._tokens, self.trouble = (
                    None,
                    f"Cards that were scanned earlier cannot be shown: {cause}. {_REMEDY}",
                )
            self.revision += self.trouble != trouble
            return self.revision != revision

    def _read(self, *, anew: bool) -> None:
        if not anew and self._followed():
            return
        if anew:
            fresh = _Tally(read_inventory(self.inventory), read_prices(self.inventory))
        else:
            fresh = _Tally(self.said, self.prices)
        fresh.add([] if is_absent(self.log) else read_scanned(self.log)[0])
        self._tally = fresh
        self.revision += 1

    def _followed(self) -> bool:
        """Whether all that has happened to the log is that rows were added, which are taken in."""
        scanned = self._tally.scanned
        after = scanned[-_UNSETTLED].scan if len(scanned) >= _UNSETTLED else 0
        known = scanned[-_UNSETTLED + 1 :] if len(scanned) >= _UNSETTLED else list(scanned)
        newest, rows = ([], 0) if is_absent(self.log) else read_scanned(self.log, after)
        added = newest[len(known) :]
        if newest[: len(known)] != known or rows != len(scanned) + len(added):
            return False
        self._tally.add(added)
        self.revision += bool(added)
        return True


def _token(path: Path) -> Token:
    """Differs where somebody has committed something: that is appended to the write-ahead log, or taken from it."""
    return tuple(map(_stamp, (path, path.with_name(f"{path.name}-wal"))))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    # A reader makes an empty write-ahead log where there is none.
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found.st_size else None
