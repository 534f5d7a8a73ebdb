"""Messages as they go over the wire: two parts, the topic and one JSON object in UTF-8.

The writer is strict, as the models are. The reader ignores fields and topics that it does not know: a newer scanner of
the same protocol may send them.
"""

import json
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from edge.errors import ProtocolError
from edge.settings.validation import first_fault
from edge.wire.envelope import PROTOCOL_VERSION, Topic
from edge.wire.messages import CardMessage, HealthMessage

Message = CardMessage | HealthMessage

MODELS: Mapping[Topic, type[CardMessage] | type[HealthMessage]] = {
    Topic.APPEARED: CardMessage,
    Topic.UPDATED: CardMessage,
    Topic.CONFIRMED: CardMessage,
    Topic.UNKNOWN: CardMessage,
    Topic.LEFT: CardMessage,
    Topic.HEALTH: HealthMessage,
}
"""Topic -> what is published under it."""


def encode(message: Message) -> list[bytes]:
    """The parts of a message."""
    return [message.topic.encode(), message.model_dump_json().encode()]


def decode(parts: Sequence[bytes]) -> Message | None:
    """The message in these parts; None where its topic is unknown.

    Raises:
        ProtocolError: if they are no message of this protocol.
    """
    if len(parts) != 2:
        raise ProtocolError(f"a message has two parts, and not {len(parts)}; is a card-scanner publishing there?")
    topic, body = parts
    try:
        model = MODELS[Topic(topic.decode(errors="replace"))]
    except ValueError:
        return None
    try:
        return model.model_validate_json(body, extra="ignore")
    except ValidationError as cause:
        raise ProtocolError(_what_is_wrong(body, cause)) from cause


def _what_is_wrong(body: bytes, fault: ValidationError) -> str:
    """Another version is what a reader should hear of first."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as cause:
        return f"a message is not JSON ({cause}); is a card-scanner publishing there?"
    version = fields.get("protocol") if isinstance(fields, dict) else None
    if isinstance(version, int) and version != PROTOCOL_VERSION:
        return (
            f"the scanner speaks protocol {version} and this program protocol {PROTOCOL_VERSION}; "
            "use a card-scanner of the same version"
        )
    return f"a message is not as protocol {PROTOCOL_VERSION} says: {first_fault(fault, 'the message')}"
