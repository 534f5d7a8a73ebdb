"""Commands as a client writes them, and replies as it reads them."""

import json
from typing import Any, TypeVar

from pydantic import ValidationError

from edge.errors import ConfigurationError, ProtocolError, RefusedError
from edge.settings.validation import first_fault
from edge.wire.commands import COMMANDS, ErrorReply, Reply
from edge.wire.envelope import PROTOCOL_VERSION

R = TypeVar("R", bound=Reply)


def encode_request(command: str, **fields: Any) -> bytes:  # noqa: ANN401 (as the command's form says)
    """A request as it goes over the wire.

    Raises:
        ConfigurationError: if the command does not take these fields.
    """
    try:
        request = COMMANDS[command].request.model_validate(fields)
    except ValidationError as cause:
        raise ConfigurationError(f"{command}: {first_fault(cause, 'the request')}") from cause
    return json.dumps({"command": command} | request.model_dump(mode="json", exclude_unset=True)).encode()


def decode_reply(kind: type[R], reply: bytes) -> R:
    """The reply to a command, of the kind that its form says; fields that are not known are passed over.

    Raises:
        RefusedError: if the scanner does not do it, with its code and sentence.
        ProtocolError: if this is no reply of this protocol.
    """
    try:
        if json.loads(reply).get("ok") is False:
            refusal = ErrorReply.model_validate_json(reply, extra="ignore")
            raise RefusedError(refusal.error, refusal.code)
        return kind.model_validate_json(reply, extra="ignore")
    except ValidationError as cause:
        raise ProtocolError(
            f"a reply is not as protocol {PROTOCOL_VERSION} says: {first_fault(cause, 'the reply')}"
        ) from cause
    except (ValueError, AttributeError, RecursionError) as cause:
        raise ProtocolError("a reply is no JSON object; is that a scanner's control socket?") from cause
