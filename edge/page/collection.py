"""All cards that were ever scanned, as the log has them and as people have corrected them, with their counts."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from edge.errors import StoreError
from edge.inventory.entry import Batch, Entry, Inventory, copies
from edge.inventory.reading import Price, read_inventory, read_prices
from edge.log.reading import Scanned, read_scanned

# geometry: the scanner may take back what a card is while it remembers it; those are among the newest rows.
_UNSETTLED = 300

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


class Collection:
    """Reads log and inventory again where they have changed. Several threads may use it.

    Attributes:
        log, inventory: their files.
        rows: the oldest first.
        revision: counts up with every change.
        trouble: a sentence where they cannot be read, else None.
        cards: copies in all.
        value: of the copies that have a price.
        priced: how many those are.
    """

    def __init__(self, log: Path, inventory: Path) -> None:
        """Nothing is read yet."""
        self.log, self.inventory = log, inventory
        self.rows: list[Held] = []
        self.revision = 0
        self.trouble: str | None = None
        self.said = Inventory()
        self.prices: Mapping[tuple[str, str], Price] = {}
        self._scanned: list[Scanned] = []
        self._tokens: tuple[Token, Token] | None = None
        self._refreshing = threading.Lock()
        self._clear()

    def refresh(self) -> bool:
        """Take in what has changed; whether there was anything."""
        with self._refreshing:
            tokens = _token(self.log), _token(self.inventory)
            if tokens == self._tokens:
                return False
            before = self.trouble, self.revision
            try:
                self._read(anew=self._tokens is None or tokens[1] != self._tokens[1])
                self._tokens, self.trouble = tokens, None
            except StoreError as cause:
                self._tokens, self.trouble = None, f"Cards that were scanned earlier cannot be shown: {cause}"
            if self.trouble != before[0]:
                self.revision += 1
            return (self.trouble, self.revision) != before

    def of(self, session: str, scan: int) -> Held | None:
        """A scan; None where the log does not have it."""
        index = self._places.get((session, scan))
        return None if index is None else self.rows[index]

    @property
    def different(self) -> int:
        """How many different cards there are copies of."""
        return sum(count > 0 for count in self._counts.values())

    @property
    def batch(self) -> Batch | None:
        """The batch that scans are of now."""
        return self.said.batches[-1] if self.said.batches else None

    def _read(self, *, anew: bool) -> None:
        if anew:
            self.said, self.prices = read_inventory(self.inventory), read_prices(self.inventory)
        after = self._scanned[-_UNSETTLED].scan if len(self._scanned) >= _UNSETTLED else 0
        newest, rows = read_scanned(self.log, after) if self.log.exists() else ([], 0)
        known = self._scanned[-_UNSETTLED + 1 :] if len(self._scanned) >= _UNSETTLED else self._scanned
        added = len(newest) - len(known)
        if not anew and newest[: len(known)] == known and rows == len(self._scanned) + added:
            self._add(newest[len(known) :])
            return
        self._clear()
        self._add(read_scanned(self.log)[0] if rows else [])
        self.revision += 1

    def _clear(self) -> None:
        self._scanned, self.rows = [], []
        self._places: dict[tuple[str, int], int] = {}
        self._counts: Counter[str] = Counter()
        self.cards, self.priced, self.value = 0, 0, Decimal(0)

    def _add(self, scanned: list[Scanned]) -> None:
        for each in scanned:
            entry = self.said.of(each.session, each.scan, each.confirmed_at)
            card_id = entry.card_id or each.card_id
            before, more = self._counts[card_id], copies(entry)
            price = self._price(card_id, entry.finish)
            self._places[each.session, each.scan] = len(self.rows)
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
            self._counts[card_id] += more
            self.cards += more
            if price is not None:
                self.priced += more
                self.value += more * Decimal(price.amount)
        self._scanned += scanned
        self.revision += bool(scanned)

    def _price(self, card_id: str, finish: str | None) -> Price | None:
        wanted = ("", "normal") if finish is None else (finish.lower(), "")
        return next((self.prices[card_id, each] for each in wanted if (card_id, each) in self.prices), None)


def _token(path: Path) -> Token:
    """Differs where somebody has committed something: that is appended to the write-ahead log, or taken from it."""
    return tuple(map(_stamp, (path, path.with_name(f"{path.name}-wal"))))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
