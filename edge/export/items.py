"""Scans become the items of a collection: equal cards of one condition, language and finish are one item."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.inventory.entry import Entry, Inventory, copies
from edge.log.reading import LoggedScan
from edge.wire.messages import CardDetails

_NORMAL = "normal"
_ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for scans of which the inventory says nothing; None: what the card's metadata says, or else its usual.

    Attributes:
        condition: of all.
        language: None is the metadata's, or English.
        finish: None is the only one that the card exists in, or `normal`.
    """

    condition: str = "NM"
    language: str | None = None
    finish: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Item:
    """Equal cards.

    Attributes:
        card_id: of each.
        card: what its metadata says.
        condition, language, finish: as `edge.inventory.entry.Entry` has them.
        first_at: when the first of them was confirmed, UTC, ISO 8601.
        quantity: how many there are.
        scans: rows of the log.
        assumed: what of the three nobody said, of any of them.
    """

    card_id: str
    card: CardDetails
    condition: str
    language: str
    finish: str
    first_at: str
    quantity: int = 0
    scans: list[int] = field(default_factory=list)
    assumed: set[str] = field(default_factory=set)


def items_of(scans: Iterable[LoggedScan], inventory: Inventory, defaults: Defaults) -> list[Item]:
    """The items, in the order in which their first card was scanned; those that the inventory took out are none.

    Where more copies were taken away than added, the quantity is negative: they were in the collection before.
    """
    items: dict[tuple[str, str, str, str], Item] = {}
    cards: dict[str, CardDetails] = {}
    for scan in scans:
        entry = inventory.of(scan.session, scan.scan, scan.confirmed_at)
        card_id = entry.card_id or scan.card_id
        text = scan.card if entry.card_id is None else entry.card
        key = f"{card_id} {text}"
        card = cards.get(key) or cards.setdefault(key, _details(card_id, text))
        words, assumed = _words(card, entry, defaults)
        item = items.setdefault(
            (card_id, *words),
            Item(
                card_id=card_id,
                card=card,
                condition=words[0],
                language=words[1],
                finish=words[2],
                first_at=scan.confirmed_at,
            ),
        )
        item.quantity += copies(entry)
        item.scans.append(scan.scan)
        item.assumed |= assumed
    return [item for item in items.values() if item.quantity]


def _details(card_id: str, text: str | None) -> CardDetails:
    """Of a card without metadata, what its id tells."""
    if text is not None:
        return CardDetails.model_validate_json(text, extra="ignore")
    code, _, number = card_id.rpartition("-")
    return CardDetails(name=card_id, set_code=code, set_name=code, number=number)


def _words(card: CardDetails, entry: Entry, defaults: Defaults) -> tuple[tuple[str, str, str], set[str]]:
    """Condition, language and finish, and which of them nobody said."""
    only = card.finishes[0] if len(card.finishes) == 1 else None
    said = {
        "condition": entry.condition,
        "language": entry.language or defaults.language or card.language,
        "finish": entry.finish or defaults.finish or only,
    }
    usual = {"condition": defaults.condition, "language": _ENGLISH, "finish": _NORMAL}
    assumed = {name for name, word in said.items() if word is None}
    return tuple(said[name] or usual[name] for name in usual), assumed  # type: ignore[return-value]
