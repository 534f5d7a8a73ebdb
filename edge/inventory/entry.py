"""What people say of scans, and of all scans of a batch."""

import functools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

Mode = Literal["add", "subtract", "look"]
COPIES: Mapping[Mode, int] = {"add": 1, "subtract": -1, "look": 0}
"""What a scan does to the number of cards, unless somebody says another quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody says of a scan; None where nothing is said.

    Attributes:
        quantity: copies that it adds; 0 takes the scan out, a negative one takes copies away.
        condition: one of `Mint`, `NM`, `LP`, `MP`, `HP`, `Damaged`.
        language: ISO 639-1, such as `ja`; of Chinese also the script, `zh-Hans` and `zh-Hant`.
        finish: free text; `normal`, `holo`, `reverse`, `foil`, `etched`, `first edition` are known to the exports.
        card_id: the card that it is, where it was taken for another one.
        card: what the database knows of that one, JSON as in the messages.
    """

    quantity: int | None = None
    condition: str | None = None
    language: str | None = None
    finish: str | None = None
    card_id: str | None = None
    card: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What holds for the scans from a time on; None where nothing is said.

    Attributes:
        batch: its row; 0 before it has one.
        started_at: UTC, ISO 8601.
        label: of the box or binder.
        mode: whether its scans add copies, take them away, or only look.
        condition, language, finish: as an entry has them.
        set_code: of the set that all its cards are said to be of.
    """

    batch: int = 0
    started_at: str = ""
    label: str | None = None
    mode: Mode = "add"
    condition: str | None = None
    language: str | None = None
    finish: str | None = None
    set_code: str | None = None


NO_BATCH = Batch()
_NOTHING_SAID = Entry()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All that people say.

    Attributes:
        entries: (session, scan) -> what is said of that scan.
        batches: in the order of time.
    """

    entries: Mapping[tuple[str, int], Entry] = field(default_factory=dict)
    batches: Sequence[Batch] = ()

    def batch_at(self, at: str) -> Batch:
        """The batch of a scan that was confirmed at this time (UTC, ISO 8601)."""
        moment = datetime.fromisoformat(at)
        index = bisect_right(self.batches, moment, key=lambda batch: datetime.fromisoformat(batch.started_at))
        return self.batches[index - 1] if index else NO_BATCH

    def said(self, session: str, scan: int) -> Entry:
        """What is said of this very scan."""
        return self.entries.get((session, scan), _NOTHING_SAID)

    def of(self, session: str, scan: int, at: str) -> Entry:
        """What holds for a scan: what is said of it, else of its batch. Its quantity is always a number."""
        said, batch = self.said(session, scan), self.batch_at(at)
        if said is _NOTHING_SAID:
            return _of_batch(batch)
        return replace(
            said,
            quantity=COPIES[batch.mode] if said.quantity is None else said.quantity,
            condition=said.condition or batch.condition,
            language=said.language or batch.language,
            finish=said.finish or batch.finish,
        )


@functools.lru_cache
def _of_batch(batch: Batch) -> Entry:
    return Entry(quantity=COPIES[batch.mode], condition=batch.condition, language=batch.language, finish=batch.finish)


def copies(entry: Entry) -> int:
    """How many copies an entry that holds adds."""
    return 1 if entry.quantity is None else entry.quantity
