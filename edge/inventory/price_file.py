"""Reads a CSV file of prices that somebody has: which card costs what."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from edge.errors import ConfigurationError
from edge.files.printing import counted

_PRICES = ("price", "market price", "tcg market price", "trend", "trend price")
_SETS = ("set_code", "set code", "setcode", "edition code", "set")
_NUMBERS = ("number", "card number", "collector number", "cardnumber")
_IDS = ("card_id", "card id", "id")
_FINISHES = ("finish", "printing", "variance", "variant", "foil")
_SYMBOLS = "$€£¥ \u00a0"
_LISTED = 5

Find = Callable[[str, str], str | None]
"""The card of a set (by code or name) and number; None where there is no such card, or not exactly one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFile:
    """What a file says.

    Attributes:
        prices: (card id, finish) -> amount, a decimal number; the finish is empty where the file does not tell it.
        without: rows of known cards that have no price.
        unknown: rows whose card is not in the database.
    """

    prices: Mapping[tuple[str, str], str]
    without: int
    unknown: Sequence[str]

    @property
    def sentence(self) -> str:
        """For whoever imported it."""
        said = counted(len(self.prices), "price")
        if self.without:
            said += f"; {counted(self.without, 'row')} without one"
        if self.unknown:
            rows, listed = counted(len(self.unknown), "row"), ", ".join(self.unknown[:_LISTED])
            said += f"; {rows} of cards that the database does not have: {listed}"
        return f"{said}."


def read_price_file(text: str, find: Find, known: Callable[[str], bool]) -> PriceFile:
    """Read a file with a header, commas or semicolons between the cells, in any order of columns.

    A card is named by `card_id`, or by set and number; a price is a number with a point or comma, perhaps with a
    currency's sign. Rows without a price are no prices of 0.

    Args:
        text: of the file.
        find: finds the card of a set and number.
        known: whether the database has a card id.

    Raises:
        ConfigurationError: if it has no columns for cards and prices.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    header = [cell.strip().lower() for cell in next(rows, [])]
    price = _column(header, _PRICES)
    card_id, of_set, number = _column(header, _IDS), _column(header, _SETS), _column(header, _NUMBERS)
    finish = _column(header, _FINISHES)
    if price is None or (card_id is None and (of_set is None or number is None)):
        raise ConfigurationError(
            "the first line has to name the columns: price, and either card_id or set_code and number; "
            f"this file begins with {first[:80]!r}"
        )
    prices: dict[tuple[str, str], str] = {}
    unknown: list[str] = []
    without = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cell = _cells(row)
        found = cell(card_id) if known(cell(card_id)) else find(cell(of_set), cell(number))
        amount = _amount(cell(price))
        if found is None:
            unknown.append(cell(card_id) or f"{cell(of_set)} {cell(number)}".strip())
        elif amount is None:
            without += 1
        else:
            prices[found, cell(finish).lower()] = amount
    return PriceFile(prices=prices, without=without, unknown=unknown)


def _cells(row: Sequence[str]) -> Callable[[int | None], str]:
    return lambda index: "" if index is None or index >= len(row) else row[index].strip()


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    """The first of these names that the header has; one may go on after it, as `market price (as of ...)` does."""
    exact = next((header.index(name) for name in names if name in header), None)
    if exact is not None:
        return exact
    return next((index for name in names for index, cell in enumerate(header) if cell.startswith(f"{name} (")), None)


def _amount(text: str) -> str | None:
    plain = text.strip(_SYMBOLS)
    if "," in plain:
        plain = plain.replace(",", "") if "." in plain else plain.replace(",", ".")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        return None
    return str(amount) if amount.is_finite() and amount >= 0 else None
