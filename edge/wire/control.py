"""The socket that commands come in on: one JSON object in, one JSON object out."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import zmq
from pydantic import BaseModel, ConfigDict, ValidationError

from edge.errors import ConfigurationError, ScannerError
from edge.settings.validation import first_fault
from edge.wire.peers import Allowance, Peers

_POLL_MS = 200
_LONGEST_REQUEST_BYTES = 65_536
_CLIENTS = Allowance(
    connections=16, connection_bytes=2 * _LONGEST_REQUEST_BYTES, part_bytes=_LONGEST_REQUEST_BYTES, waiting=4
)

_log = logging.getLogger(__name__)

Command = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Carries out a command: takes the request's other fields, returns the reply's, raises ScannerError."""


class Request(BaseModel):
    """Base of what commands take besides their name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ControlSocket:
    """A ZeroMQ socket that answers the commands of REQ sockets. It may be made in one thread and used in another.

    It is a ROUTER, not a REP: libzmq's REP says that a request is there, and waits, where a peer sent none that is well
    formed, and gives the next client's reply to nobody where that peer is gone.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, commands: Mapping[str, Command]
    ) -> None:
        """Bind the socket.

        Raises:
            PublishError: if the endpoint is invalid or in use.
        """
        self._commands = commands
        self._socket = context.socket(zmq.ROUTER)
        # Of the replies to a client that reads none, each as large as a picture, one waits and the rest are lost.
        self._socket.setsockopt(zmq.SNDHWM, 1)
        self.peers = Peers(context, self._socket, endpoint, "publish.control", _CLIENTS)

    def step(self) -> bool:
        """Answer the next request, if one comes soon. A request always gets a reply, also where the command fails."""
        if self._socket.poll(_POLL_MS):
            parts = self._socket.recv_multipart(copy=False)
            self.peers.settle(parts[-1])
            self._answer([part.bytes for part in parts])
        return True

    def _answer(self, parts: list[bytes]) -> None:
        """Reply to whom the parts before the first empty one name; a message without such is nobody's request."""
        if b"" in parts:
            body = parts.index(b"") + 1
            self._socket.send_multipart([*parts[:body], respond(b"".join(parts[body:]), self._commands)])

    def close(self) -> None:
        """Close the socket; a reply on its way gets a moment to arrive."""
        self.peers.close()
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
