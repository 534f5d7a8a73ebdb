"""The socket that commands come in on: one JSON object in, one JSON object out."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import zmq
from pydantic import BaseModel, ConfigDict, ValidationError

from edge.errors import ConfigurationError, ScannerError
from edge.publisher import bind
from edge.validation import first_fault

_POLL_MS = 200
_LONGEST_REQUEST_BYTES = 1_000_000

_log = logging.getLogger(__name__)

Command = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Carries out a command: takes the request's other fields, returns the reply's, raises ScannerError."""


class Request(BaseModel):
    """Base of what commands take besides their name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ControlSocket:
    """A ZeroMQ REP socket that answers commands. It may be made in one thread and used in another."""

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, commands: Mapping[str, Command]
    ) -> None:
        """Bind the socket.

        Raises:
            PublishError: if the endpoint is invalid or in use.
        """
        self._commands = commands
        self._socket = context.socket(zmq.REP)
        self._socket.setsockopt(zmq.MAXMSGSIZE, _LONGEST_REQUEST_BYTES)
        bind(self._socket, endpoint, "publish.control")

    def step(self) -> bool:
        """Answer the next request, if one comes soon. A request always gets a reply, also where the command fails."""
        if self._socket.poll(_POLL_MS):
            request = b"".join(self._socket.recv_multipart())
            self._socket.send(respond(request, self._commands))
        return True

    def close(self) -> None:
        """Close the socket; a reply on its way gets a moment to arrive."""
        self._socket.close(linger=100)


def respond(request: bytes, commands: Mapping[str, Command]) -> bytes:
    """The reply to a request: `{"ok": true, ...}`, or `{"ok": false, "error": sentence}`, whatever happens."""
    try:
        command, fields = _parse(request, commands)
        return _encoded({"ok": True, **command(fields)})
    except ValidationError as cause:
        return _refusal(first_fault(cause, "the request"))
    except ScannerError as cause:
        return _refusal(str(cause))
    except Exception as cause:  # noqa: BLE001 (one peer's request must not end the thread that serves them all)
        _log.error("a request failed, and the scanner goes on: %.200r", request, exc_info=cause)
        return _refusal(f"the command failed ({str(cause) or type(cause).__name__}); the scanner's log says more")


def _refusal(sentence: str) -> bytes:
    return _encoded({"ok": False, "error": sentence})


def _encoded(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply).encode()


def _parse(request: bytes, commands: Mapping[str, Command]) -> tuple[Command, dict[str, Any]]:
    try:
        fields = json.loads(request)
    except (ValueError, RecursionError) as cause:
        raise ConfigurationError(f"the request is not JSON: {cause}") from cause
    name = fields.pop("command", None) if isinstance(fields, dict) else None
    if not isinstance(name, str) or name not in commands:
        raise ConfigurationError(f'a request is {{"command": NAME}}, with NAME one of {", ".join(sorted(commands))}')
    return commands[name], fields
