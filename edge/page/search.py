"""Finds cards of a database by what people type: parts of the name, the set, the number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.wire.messages import CardDetails


@dataclass(frozen=True, slots=True)
class _Known:
    card_id: str
    name: str
    number: str
    words: str


class CardSearch:
    """Knows the cards of one database."""

    def __init__(self, details: Mapping[str, CardDetails]) -> None:
        """Prepare for searching in these (card id -> details)."""
        self._cards = [_known(card_id, each) for card_id, each in details.items()]
        self._by_place: dict[tuple[str, str], list[str]] = {}
        for card_id, each in details.items():
            for of_set in {_plain(each.set_code), _plain(each.set_name)}:
                self._by_place.setdefault((of_set, _number(each.number)), []).append(card_id)

    def find(self, text: str, most: int) -> Sequence[str]:
        """Card ids that have every word of the text in their name, set, number or id; what fits best comes first."""
        words = _plain(text).split()
        if not words:
            return []
        found = [
            (sum(_rank(word, card) for word in words), card.name, card.number, card.card_id)
            for card in self._cards
            if all(_within(word, card) for word in words)
        ]
        return [card_id for *_, card_id in sorted(found, key=lambda each: (-each[0], *each[1:]))[:most]]

    def at(self, of_set: str, number: str) -> str | None:
        """The one card of a set (its code or name) with that number; None where there is none, or several."""
        found = self._by_place.get((_plain(of_set), _number(number)), [])
        return found[0] if len(found) == 1 else None


def _known(card_id: str, details: CardDetails) -> _Known:
    words = f"{details.name} {details.set_name} {details.set_code} {details.number} {card_id}"
    return _Known(card_id, _plain(details.name), _number(details.number), _plain(words))


def _within(word: str, card: _Known) -> bool:
    return word in card.words or _number(word) == card.number


def _rank(word: str, card: _Known) -> int:
    """Names and numbers that are exactly what was typed come before those that have it somewhere."""
    if word in (card.name, card.number, _plain(card.card_id)) or _number(word) == card.number:
        return 3
    return 2 if card.name.startswith(word) else int(word in card.name)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _number(text: str) -> str:
    """As it is compared: 004/102 is 4."""
    return _plain(text).partition("/")[0].lstrip("#").lstrip("0") or "0"
