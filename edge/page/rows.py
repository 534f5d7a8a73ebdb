"""Cards of the collection as the browser shows them."""

import json
from collections.abc import Iterable
from typing import Any

from edge.inventory.entry import Batch, copies
from edge.inventory.faces import Face
from edge.log.reading import LoggedScan
from edge.page.cards import Cards
from edge.page.collection import Collection, Held
from edge.wire.messages import CardDetails

_CANDIDATES = 5


def held_view(held: Held, cards: Cards, track: int | None, logged: str | None = None) -> dict[str, Any]:
    """A row of the collection.

    Args:
        held: the row.
        cards: of the present database.
        track: the scanner's, where the card was scanned in its present run.
        logged: what the log says of the card that it was recognised as, JSON; for cards of another database.
    """
    known = cards.details(held.card_id)
    then = held.entry.card if held.taken_for is not None else logged
    details = CardDetails.model_validate_json(then, extra="ignore") if known is None and then is not None else known
    wanted = held.batch.set_code
    return {
        **_named(held.card_id, details, cards),
        "session": held.session,
        "scan": held.scan,
        "at": held.at,
        "track": track,
        "taken_for": None if held.taken_for is None else named_view(held.taken_for, cards)["name"],
        "quantity": copies(held.entry),
        "condition": held.entry.condition,
        "language": held.entry.language,
        "finish": held.entry.finish,
        "before": held.before,
        "after": held.after,
        "label": held.batch.label,
        "other_set": wanted is not None and details is not None and details.set_code != wanted,
        "price": None
        if held.price is None
        else {"amount": held.price.amount, "currency": held.price.currency, "as_of": held.price.as_of},
    }


def scan_view(held: Held, logged: LoggedScan, faces: Iterable[Face], cards: Cards, track: int | None) -> dict[str, Any]:
    """The same with its candidates and its centering, as it was measured automatically and by hand."""
    matches = json.loads(logged.matches)
    taken_for = held.taken_for or held.card_id
    candidates = [taken_for, *(match["card_id"] for match in matches if match["card_id"] != taken_for)][:_CANDIDATES]
    probabilities = {match["card_id"]: match.get("probability") for match in matches}
    return {
        **held_view(held, cards, track, logged.card),
        "candidates": [
            {**named_view(card_id, cards), "probability": probabilities.get(card_id)} for card_id in candidates
        ],
        "finishes": [] if (details := cards.details(held.card_id)) is None else details.finishes,
        "centering": None if logged.centering is None or held.taken_for else json.loads(logged.centering),
        "by_hand": {each.face: json.loads(each.centering) for each in faces if each.centering is not None},
    }


def summary_view(collection: Collection) -> dict[str, Any]:
    """What there is in all, what it is worth as far as there are prices, and the batch that is scanned now."""
    price = next(iter(collection.prices.values()), None)
    value, priced = collection.worth
    return {
        "rows": len(collection.rows),
        "cards": collection.cards,
        "different": collection.different,
        "value": None
        if price is None
        else {
            "amount": f"{value:.2f}",
            "currency": price.currency,
            "as_of": price.as_of,
            "source": price.source,
            "priced": priced,
        },
        "batch": None if collection.batch is None else _batch_view(collection.batch),
    }


def named_view(card_id: str, cards: Cards) -> dict[str, Any]:
    """A card of the database by its name and place."""
    return _named(card_id, cards.details(card_id), cards)


def _named(card_id: str, details: CardDetails | None, cards: Cards) -> dict[str, Any]:
    return {
        "card_id": card_id,
        "name": card_id if details is None else details.name,
        "place": "" if details is None else f"{details.set_name} · {details.number}",
        "pictured": cards.pictured(card_id),
    }


def _batch_view(batch: Batch) -> dict[str, Any]:
    return {
        "started_at": batch.started_at,
        "label": batch.label,
        "mode": batch.mode,
        "condition": batch.condition,
        "language": batch.language,
        "finish": batch.finish,
        "set_code": batch.set_code,
    }
