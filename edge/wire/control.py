"""The socket that commands come in on: one JSON object in, one JSON object out."""

import json
import logging
import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import zmq
from pydantic import ValidationError

from edge.errors import BusyError, ErrorCode, RequestError, ScannerError, UnknownCommandError
from edge.settings.validation import first_fault
from edge.wire.access import Access
from edge.wire.commands import COMMANDS, ErrorReply, Form, Reply, Request
from edge.wire.peers import Allowance, Peers

_POLL_MS = 200
_LONGEST_REQUEST_BYTES = 65_536
_CLIENTS = Allowance(
    connections=16, connection_bytes=2 * _LONGEST_REQUEST_BYTES, part_bytes=_LONGEST_REQUEST_BYTES, waiting=4
)
_WAITING_JOBS = 4

T = TypeVar("T")

_log = logging.getLogger(__name__)

Command = Callable[[Any], Reply]
"""Carries out a command: takes the request as its form says, returns the reply of its form, raises ScannerError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A command that is carried out by the worker: who asks, and what."""

    address: list[bytes]
    asked: bytes
    command: Command
    request: Request


class ControlSocket:
    """A ZeroMQ socket that answers the commands of REQ sockets. It may be made in one thread and used in two others.

    One thread calls `step` and is never kept; what takes long waits for another, which calls `work`.

    It is a ROUTER, not a REP: libzmq's REP says that a request is there, and waits, where a peer sent none that is well
    formed, and gives the next client's reply to nobody where that peer is gone.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        endpoint: str,
        commands: Mapping[str, Command],
        forms: Mapping[str, Form] = COMMANDS,
        access: Access | None = None,
    ) -> None:
        """Bind the socket.

        Args:
            context: that it belongs to.
            endpoint: where it listens.
            commands: name -> what carries the command out.
            forms: name -> what it takes and gives.
            access: who may connect from other machines; None lets only programs on this one.

        Raises:
            PublishError: if the endpoint is invalid or in use.
        """
        self._commands, self._forms = commands, forms
        self._jobs: queue.Queue[_Job] = queue.Queue(_WAITING_JOBS)
        self._socket = context.socket(zmq.ROUTER)
        # Of the replies to a client that reads none, each as large as a picture, one waits and the rest are lost.
        self._socket.setsockopt(zmq.SNDHWM, 1)
        self.peers = Peers(context, self._socket, endpoint, "publish.control", _CLIENTS, access)
        self._finished, self._from_worker = _pipe(context, f"inproc://finished-{id(self)}")

    def step(self) -> bool:
        """Answer the next request, or send what the worker has finished, if either comes soon.

        A request always gets a reply, also where the command fails.
        """
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._from_worker, zmq.POLLIN)
        ready = dict(poller.poll(_POLL_MS))
        if self._from_worker in ready:
            self._socket.send_multipart(self._from_worker.recv_multipart())
        if self._socket in ready:
            parts = self._socket.recv_multipart(copy=False)
            self.peers.settle(parts[-1])
            self._take([part.bytes for part in parts])
        return True

    def work(self) -> bool:
        """Carry out the next command that takes long, if one comes soon."""
        try:
            job = self._jobs.get(timeout=_POLL_MS / 1000)
        except queue.Empty:
            return True
        reply = _or_refusal(job.asked, lambda: _encoded(job.command(job.request)))
        self._finished.send_multipart([*job.address, reply])
        return True

    def close(self) -> None:
        """Close the socket; a reply on its way gets a moment to arrive."""
        self.peers.close()
        self._finished.close(linger=0)
        self._from_worker.close(linger=0)
        self._socket.close(linger=100)

    def _take(self, parts: list[bytes]) -> None:
        """Answer whom the parts before the first empty one name; a message without such is nobody's request."""
        if b"" not in parts:
            return
        body = parts.index(b"") + 1
        reply = self._reply(parts[:body], b"".join(parts[body:]))
        if reply is not None:
            self._socket.send_multipart([*parts[:body], reply])

    def _reply(self, address: list[bytes], asked: bytes) -> bytes | None:
        """The reply to a request; None where the worker gives it later."""

        def reply() -> bytes | None:
            form, command, request = _parsed(asked, self._commands, self._forms)
            if form.at_once:
                return _encoded(command(request))
            try:
                self._jobs.put_nowait(_Job(address=address, asked=asked, command=command, request=request))
            except queue.Full:
                raise BusyError(f"{_WAITING_JOBS} commands wait already; ask again when they are done") from None
            return None

        return _or_refusal(asked, reply)


def respond(asked: bytes, commands: Mapping[str, Command], forms: Mapping[str, Form] = COMMANDS) -> bytes:
    """The reply to a request, however long it takes, whatever happens."""

    def reply() -> bytes:
        _, command, request = _parsed(asked, commands, forms)
        return _encoded(command(request))

    return _or_refusal(asked, reply)


def _or_refusal(asked: bytes, reply: Callable[[], T]) -> T | bytes:
    """What is replied, or, where that fails, an `ErrorReply`."""
    try:
        return reply()
    except ScannerError as cause:
        return _refusal(cause.code, str(cause))
    except Exception as cause:  # noqa: BLE001 (one peer's request must not end the thread that serves them all)
        _log.error("a request failed, and the scanner goes on: %.200r", asked, exc_info=cause)
        reason = str(cause) or type(cause).__name__
        return _refusal(ErrorCode.INTERNAL, f"the command failed ({reason}); the scanner's log says more")


def _refusal(code: ErrorCode, sentence: str) -> bytes:
    """What the sentence repeats of a request may be half a character, which JSON can escape and UTF-8 cannot hold."""
    return _encoded(ErrorReply(code=code, error=sentence.encode(errors="backslashreplace").decode()))


def _encoded(reply: Reply | ErrorReply) -> bytes:
    return reply.model_dump_json().encode()


def _parsed(asked: bytes, commands: Mapping[str, Command], forms: Mapping[str, Form]) -> tuple[Form, Command, Request]:
    try:
        fields = json.loads(asked)
    except (ValueError, RecursionError) as cause:
        raise RequestError(f"the request is not JSON: {cause}") from cause
    name = fields.pop("command", None) if isinstance(fields, dict) else None
    if not isinstance(name, str) or name not in commands:
        raise UnknownCommandError(f'a request is {{"command": NAME}}, with NAME one of {", ".join(sorted(commands))}')
    try:
        return forms[name], commands[name], forms[name].request.model_validate(fields)
    except ValidationError as cause:
        raise RequestError(first_fault(cause, "the request")) from cause


def _pipe(context: "zmq.Context[zmq.Socket[bytes]]", place: str) -> tuple["zmq.Socket[bytes]", "zmq.Socket[bytes]"]:
    """Two ends of a way from one thread to another: where to send, and where it comes."""
    end, beginning = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    end.bind(place)
    beginning.connect(place)
    return beginning, end
