"""What goes to the broker, and under which topics. Without sockets."""

import json
import re
from dataclasses import dataclass
from typing import Any

from edge.wire.encoding import Message
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage, HealthMessage

# MQTT 5.0, 4.7: what separates levels or stands for several; and what Home Assistant takes in a discovery topic.
_NOT_IN_A_NAME = re.compile("[^A-Za-z0-9_-]")
ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One message to the broker; one that is retained is told to whoever comes late."""

    topic: str
    payload: str
    retain: bool = True


def plain(name: str) -> str:
    """A name as one level of a topic."""
    return _NOT_IN_A_NAME.sub("_", name)


def topic(prefix: str, device: str, leaf: str) -> str:
    """Where something is told of a scanner."""
    return f"{prefix}/{plain(device)}/{leaf}"


def availability(prefix: str, device: str, *, available: bool) -> Publication:
    """Whether a scanner is heard."""
    return Publication(topic=topic(prefix, device, "available"), payload=ONLINE if available else OFFLINE)


def publications(prefix: str, message: Message) -> list[Publication]:
    """What a message of a scanner comes to; most of them to nothing."""
    if isinstance(message, HealthMessage):
        return [_told(topic(prefix, message.device, "health"), _health(message))]
    if message.topic is not Topic.CONFIRMED:
        return []
    whole = Publication(
        topic=topic(prefix, message.device, "confirmed"), payload=message.model_dump_json(), retain=False
    )
    return [_told(topic(prefix, message.device, "card"), _card(message)), whole]


def _told(where: str, fields: dict[str, Any]) -> Publication:
    return Publication(topic=where, payload=json.dumps(fields, ensure_ascii=False))


def _card(message: CardMessage) -> dict[str, Any]:
    card = message.card
    return {
        "name": message.card_id if card is None else card.name,
        "card_id": message.card_id,
        "set": None if card is None else card.set_name,
        "number": None if card is None else card.number,
        "probability": message.probability,
        "returned": message.returned is not None,
        "at": message.published_at,
    }


def _health(message: HealthMessage) -> dict[str, Any]:
    return {
        "status": message.status,
        "degraded": message.degraded,
        "frames_per_second": round(message.fps, 1),
        "cards_in_view": message.tracks,
        "frames_dropped": message.frames_dropped,
        "memory_mb": round(message.rss_mb),
        "database": message.database,
        "at": message.published_at,
    }
