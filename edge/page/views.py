"""A card and a row of the log as the browser shows them: with names, and in sentences."""

from typing import Any

from edge.page.cards import Cards
from edge.page.log import Kind, Row
from edge.page.rows import named_view
from edge.wire.messages import CardMessage, TrackState


def card_view(message: CardMessage, cards: Cards) -> dict[str, Any]:
    """A card that lies before the camera."""
    return {
        "track": message.track_id,
        "state": message.state.value,
        "frame": message.frame_id,
        "corners": message.corners,
        "card_id": message.card_id,
        "name": _name(message, cards),
        "place": _place(message.card_id or _first(message), cards),
        "shown": message.card_id or _first(message),
        "pictured": cards.pictured(message.card_id or _first(message)),
        "sentence": sentence(message, cards),
        "probability": message.probability,
        "candidates": [
            {**named_view(match.card_id, cards), "probability": match.probability} for match in message.matches[:5]
        ],
        "printings": [named_view(card_id, cards) for card_id in message.printings],
        "centering": None if message.centering is None else message.centering.model_dump(mode="json"),
        "published_at": message.published_at,
    }


def row_view(row: Row, cards: Cards) -> dict[str, Any]:
    """A row of the log."""
    return {
        "number": row.number,
        "track": row.track_id,
        "at": row.at,
        "kind": row.kind.value,
        "card_id": row.card_id,
        "name": _row_name(row, cards),
        "place": _place(row.card_id, cards),
        "before": row.before,
        "probability": row.message.probability,
    }


def sentence(message: CardMessage, cards: Cards) -> str:
    """What is to be said of a card; nothing beside its name where it was recognised."""
    if message.state is TrackState.CONFIRMED:
        if message.returned is not None:
            return "It lay here before, and is counted once."
        return ""
    if message.state is TrackState.UNKNOWN_CARD:
        return "This card is not in the database. Lay it straight and without glare, or install a newer database."
    if message.printings:
        return f"One of {len(message.printings)} printings: {message.printings_reason or 'nothing tells them apart'}."
    if message.matches:
        return (
            f"Perhaps {_title(message.matches[0].card_id, cards)}. Hold still, flat and out of the light's reflection."
        )
    return "A card. Hold it still for a moment."


def _name(message: CardMessage, cards: Cards) -> str:
    if message.card is not None:
        return message.card.name
    if message.state is TrackState.UNKNOWN_CARD:
        return "Unknown card"
    return "Looking ..." if not message.matches else f"{_title(message.matches[0].card_id, cards)}?"


def _row_name(row: Row, cards: Cards) -> str:
    if row.kind is Kind.UNKNOWN:
        return "Unknown card"
    if row.kind is Kind.DOUBTFUL:
        first = _first(row.message)
        return "Not decided" if first is None else f"Perhaps {_title(first, cards)}"
    if row.message.card is not None and row.message.card_id == row.card_id:
        return row.message.card.name
    return _title(row.card_id or "", cards)


def _first(message: CardMessage) -> str | None:
    return message.matches[0].card_id if message.matches else None


def _title(card_id: str, cards: Cards) -> str:
    details = cards.details(card_id)
    return card_id if details is None else details.name


def _place(card_id: str | None, cards: Cards) -> str:
    details = None if card_id is None else cards.details(card_id)
    return "" if details is None else f"{details.set_name} · {details.number}"
