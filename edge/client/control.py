"""Gives commands to a scanner."""

from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

import zmq
import zmq.asyncio

from edge.client.requests import decode_reply, encode_request
from edge.errors import ConfigurationError, NoAnswerError
from edge.wire.access import show_key
from edge.wire.commands import PauseReply, ReloadReply, Reply, SnapshotReply, StateReply, StatusReply
from edge.wire.keys import ClientKey

ANSWER_LIMIT_S = 5.0
R = TypeVar("R", bound=Reply)


class Control:
    """Gives commands and waits for the replies. A context manager; not safe between threads.

    Every command raises NoAnswerError where no reply comes in time, RefusedError where the scanner does not do it, and
    ProtocolError where what answers is no scanner of this protocol.
    """

    def __init__(self, endpoint: str, answer_limit_s: float = ANSWER_LIMIT_S, *, key: ClientKey | None = None) -> None:
        """Connect, with the key that a scanner on another machine wants.

        Raises:
            ConfigurationError: if that is no endpoint.
        """
        self._endpoint = endpoint
        self._answer_limit_s = answer_limit_s
        self._key = key
        self._context = zmq.Context[zmq.Socket[bytes]]()
        self._socket = _connected(self._context, endpoint, key)

    def __enter__(self) -> "Control":
        """The connection itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._context.destroy(linger=0)

    def ask(self, kind: type[R], command: str, **fields: Any) -> R:  # noqa: ANN401 (as the command's form says)
        """Give a command and wait for its reply, of that kind."""
        self._socket.send(encode_request(command, **fields))
        if not self._socket.poll(round(1000 * self._answer_limit_s)):
            self._socket.close(linger=0)
            self._socket = _connected(self._context, self._endpoint, self._key)
            raise _no_answer(self._endpoint, self._answer_limit_s)
        return decode_reply(kind, self._socket.recv())

    def status(self) -> StatusReply:
        """How the scanner is."""
        return self.ask(StatusReply, "status")

    def state(self) -> StateReply:
        """All that is in view."""
        return self.ask(StateReply, "state")

    def pause(self) -> PauseReply:
        """Let it look at frames no longer."""
        return self.ask(PauseReply, "pause")

    def resume(self) -> PauseReply:
        """Let it look at frames again."""
        return self.ask(PauseReply, "resume")

    def reload(self, settings: dict[str, dict[str, Any]] | None = None) -> ReloadReply:
        """Let it open the model and the database anew, with changed settings: section -> key -> value."""
        return self.ask(ReloadReply, "reload", settings=settings or {})

    def snapshot(self, path: Path | None = None, form: Literal["png", "jpg"] = "jpg") -> SnapshotReply:
        """Its newest frame: as a new file on its machine, or in the reply."""
        fields = {"format": form} if path is None else {"path": path}
        return self.ask(SnapshotReply, "snapshot", **fields)


class AsyncControl:
    """The same for asyncio: an asynchronous context manager; one command at a time."""

    def __init__(self, endpoint: str, answer_limit_s: float = ANSWER_LIMIT_S, *, key: ClientKey | None = None) -> None:
        """Connect, with the key that a scanner on another machine wants.

        Raises:
            ConfigurationError: if that is no endpoint.
        """
        self._endpoint = endpoint
        self._answer_limit_s = answer_limit_s
        self._key = key
        self._context = zmq.asyncio.Context()
        self._socket = _connected(self._context, endpoint, key)

    async def __aenter__(self) -> "AsyncControl":
        """The connection itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._context.destroy(linger=0)

    async def ask(self, kind: type[R], command: str, **fields: Any) -> R:  # noqa: ANN401 (as the command's form says)
        """Give a command and wait for its reply, of that kind."""
        await self._socket.send(encode_request(command, **fields))
        if not await self._socket.poll(round(1000 * self._answer_limit_s)):
            self._socket.close(linger=0)
            self._socket = _connected(self._context, self._endpoint, self._key)
            raise _no_answer(self._endpoint, self._answer_limit_s)
        return decode_reply(kind, await self._socket.recv())

    async def status(self) -> StatusReply:
        """How the scanner is."""
        return await self.ask(StatusReply, "status")

    async def state(self) -> StateReply:
        """All that is in view."""
        return await self.ask(StateReply, "state")

    async def pause(self) -> PauseReply:
        """Let it look at frames no longer."""
        return await self.ask(PauseReply, "pause")

    async def resume(self) -> PauseReply:
        """Let it look at frames again."""
        return await self.ask(PauseReply, "resume")

    async def reload(self, settings: dict[str, dict[str, Any]] | None = None) -> ReloadReply:
        """Let it open the model and the database anew, with changed settings: section -> key -> value."""
        return await self.ask(ReloadReply, "reload", settings=settings or {})

    async def snapshot(self, path: Path | None = None, form: Literal["png", "jpg"] = "jpg") -> SnapshotReply:
        """Its newest frame: as a new file on its machine, or in the reply."""
        fields = {"format": form} if path is None else {"path": path}
        return await self.ask(SnapshotReply, "snapshot", **fields)


S = TypeVar("S", bound="zmq.Socket[Any]")


def _connected(context: "zmq.Context[S]", endpoint: str, key: ClientKey | None) -> S:
    socket = context.socket(zmq.REQ)
    socket.setsockopt(zmq.LINGER, 0)
    show_key(socket, key)
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as cause:
        context.destroy(linger=0)
        raise ConfigurationError(
            f"cannot connect to {endpoint!r} ({cause.strerror}); give an endpoint such as tcp://127.0.0.1:5557"
        ) from cause
    return socket


def _no_answer(endpoint: str, limit_s: float) -> NoAnswerError:
    return NoAnswerError(f"nothing answered on {endpoint} within {limit_s:g} s; is 'card-scanner run' running?")
