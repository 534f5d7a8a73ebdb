"""One item on its way into a row: each cell that loses meaning is noted."""

from datetime import date

from edge.export.items import Item
from edge.export.report import Changed, LeftOut
from edge.export.words import Otherwise, Words


class UnfitError(Exception):
    """An item that a file cannot hold; caught by the writer, and reported."""


class Row:
    """Gives the cells of an item.

    Attributes:
        item: that the row is of.
        day: on which it was first scanned.
        notes: of cells that lose meaning.
    """

    def __init__(self, item: Item) -> None:
        """Start without notes."""
        self.item = item
        self.day = date.fromisoformat(item.first_at[:10]).isoformat()
        self.notes: list[Changed] = []

    def condition(self, words: Words, column: str = "condition") -> str:
        """Its condition in a site's words."""
        return self._word(column, self.item.condition, words)

    def finish(self, words: Words, column: str = "finish") -> str:
        """Its finish in a site's words."""
        return self._word(column, self.item.finish, words)

    def language(self, words: Words, column: str = "language") -> str:
        """Its language in a site's words."""
        return self._word(column, self.item.language, words)

    def product(self, site: str) -> str:
        """The site's number of the product; blank where the metadata have none."""
        return self.item.card.product_ids.get(site, "")

    def needed_product(self, site: str, what: str) -> str:
        """The same, without which there is no row.

        Raises:
            UnfitError: if the metadata have none.
        """
        number = self.product(site)
        if not number:
            raise UnfitError(f"the database has no {what}")
        return number

    def no_column_for_language(self) -> None:
        """Note a language that the file does not tell, where it is not the usual one."""
        if self.item.language != "en":
            self._note("", self.item.language, "")

    def left_out(self, reason: str) -> LeftOut:
        """The row that there is not."""
        item = self.item
        return LeftOut(card_id=item.card_id, name=item.card.name, quantity=item.quantity, reason=reason)

    def _word(self, column: str, value: str, words: Words) -> str:
        if value in words.exact:
            return words.exact[value]
        if value not in words.nearest and words.otherwise is Otherwise.LEAVE_OUT:
            raise UnfitError(f"{column} {value!r} is none that is known there")
        written = words.nearest.get(value, value if words.otherwise is Otherwise.KEEP else "")
        self._note(column, value, written)
        return written

    def _note(self, column: str, value: str, written: str) -> None:
        item = self.item
        self.notes.append(
            Changed(
                card_id=item.card_id,
                name=item.card.name,
                quantity=item.quantity,
                column=column,
                value=value,
                written=written,
            )
        )
