"""Reads `inventory.db`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from edge.files.sqlite import reading
from edge.inventory.entry import Batch, Entry, Inventory
from edge.inventory.schema import MIGRATIONS

ENTRY_COLUMNS = ", ".join(each.name for each in fields(Entry))
BATCH_COLUMNS = ", ".join(each.name for each in fields(Batch) if each.name != "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a card costs by a file that somebody imported.

    Attributes:
        amount: a decimal number, as the file has it.
        currency: ISO 4217, such as `EUR`.
        as_of: the day of the prices, ISO 8601.
        source: name of the file.
    """

    amount: str
    currency: str
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A picture of which somebody says which card it shows.

    Attributes:
        card_id: the card.
        card: what the database knows of it, JSON as in the messages.
        jpeg: the upright, flat card as it was scanned.
    """

    card_id: str
    card: str
    jpeg: bytes


def read_inventory(path: Path) -> Inventory:
    """All that people say of scans.

    Raises:
        StoreError: if the file cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        entries = {
            (session, scan): Entry(**dict(zip((each.name for each in fields(Entry)), said, strict=True)))
            for session, scan, *said in connection.execute(f"SELECT session, scan, {ENTRY_COLUMNS} FROM entry")  # noqa: S608
        }
        batches = [
            Batch(**dict(zip((each.name for each in fields(Batch)), row, strict=True)))
            for row in connection.execute(f"SELECT id, {BATCH_COLUMNS} FROM batch ORDER BY started_at, id")  # noqa: S608
        ]
        return Inventory(entries=entries, batches=batches)


def read_prices(path: Path) -> Mapping[tuple[str, str], Price]:
    """(card id, finish) -> price; the finish is empty where the file has one price for all of them.

    Raises:
        StoreError: if the file cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        rows = connection.execute(
            "SELECT card_id, finish, amount, currency, as_of, name FROM price JOIN price_list ON price_list.id = list"
        )
        return {
            (card_id, finish): Price(amount=amount, currency=currency, as_of=as_of, source=name)
            for card_id, finish, amount, currency, as_of, name in rows
        }


def read_labels(path: Path) -> Iterator[Label]:
    """Every scan that was taken for another card, with the card that it is.

    Raises:
        StoreError: if the file cannot be read.
    """
    with reading(path, MIGRATIONS) as connection:
        for card_id, card, jpeg in connection.execute(
            "SELECT card_id, card, jpeg FROM entry JOIN picture USING (session, scan)"
            " WHERE card_id IS NOT NULL AND card IS NOT NULL ORDER BY card_id, session, scan"
        ):
            yield Label(card_id=card_id, card=card, jpeg=jpeg)
