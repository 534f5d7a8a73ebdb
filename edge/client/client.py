"""Follows a scanner: connects again by itself, tells what was lost, and knows what is in view."""

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import TracebackType

import zmq
import zmq.asyncio

from edge.client.events import Event
from edge.client.link import Link
from edge.client.scanner import Scanner
from edge.wire.encoding import Message
from edge.wire.keys import ClientKey
from edge.wire.messages import CardMessage, HealthMessage

_EVERYTHING = ("",)
# A wait that has no end is interrupted now and then, so that signals are heard.
_LONGEST_WAIT_S = 1.0


class _Following:
    """What both clients know."""

    def __init__(
        self,
        endpoint: str,
        *,
        control: str | None = None,
        topics: Sequence[str] = _EVERYTHING,
        where: Callable[[Message], bool] | None = None,
        key: ClientKey | None = None,
    ) -> None:
        """Connect; a scanner that is not there yet is waited for.

        Args:
            endpoint: where it publishes, such as tcp://127.0.0.1:5556.
            control: where it takes commands; None does without asking for the state, so that what was in view before
                the first message, or came while messages were lost, is not known, but for the newest confirmation of
                a card that lies there still, which is then told as a message.
            topics: beginnings of the topics whose messages are told.
            where: which of those messages are told; None tells all. What is not told is known nevertheless, and a loss
                that it shows is told with the next message that is.
            key: made by `card-scanner keys make` and read by `read_client_key`; a scanner on another machine wants one.

        Raises:
            ConfigurationError: if that is no endpoint.
        """
        self._link = Link(endpoint, control, topics, where, key)
        self._events: deque[Event] = deque()

    @property
    def scanners(self) -> dict[str, Scanner]:
        """Device -> what is known of it."""
        return self._link.scanners

    @property
    def tracks(self) -> list[CardMessage]:
        """The newest message of every card in view, where messages of cards are told."""
        return [message for scanner in self._link.scanners.values() for message in scanner.tracks.values()]

    @property
    def health(self) -> HealthMessage | None:
        """The newest one, of the scanner that has told it last; None before the first."""
        told = [scanner.health for scanner in self._link.scanners.values() if scanner.health is not None]
        return max(told, key=lambda health: health.published_at, default=None)

    @property
    def lost(self) -> int:
        """Messages that did not arrive, in all."""
        return self._link.lost

    @property
    def silent_s(self) -> float:
        """Time since the last message, or since the beginning."""
        return self._link.silent_s

    def _next(self) -> Event | None:
        if not self._events:
            self._events.extend(self._link.take())
        return self._events.popleft() if self._events else None

    def _wait_ms(self, end_s: float) -> int:
        wait_s = min(self._link.due_s, end_s - time.monotonic(), _LONGEST_WAIT_S)
        return max(0, round(1000 * wait_s) + 1)


class Client(_Following):
    """Follows a scanner, for ordinary programs. A context manager; not safe between threads."""

    def __enter__(self) -> "Client":
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._link.close()

    def receive(self, timeout_s: float = float("inf")) -> Event | None:
        """The next event; None when none comes in time.

        Raises:
            ProtocolError: if what comes is not of this version's protocol.
            RefusedError: if the scanner does not tell its state.
        """
        end_s = time.monotonic() + timeout_s
        while (event := self._next()) is None and time.monotonic() < end_s:
            poller = zmq.Poller()
            for socket in self._link.sockets:
                poller.register(socket, zmq.POLLIN)
            poller.poll(self._wait_ms(end_s))
        return event

    def __iter__(self) -> Iterator[Event]:
        """Events for ever; raises as `receive` does."""
        while True:
            event = self.receive()
            if event is not None:
                yield event


class AsyncClient(_Following):
    """The same for asyncio: an asynchronous context manager, used by one task."""

    async def __aenter__(self) -> "AsyncClient":
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._link.close()

    async def receive(self, timeout_s: float = float("inf")) -> Event | None:
        """The next event; None when none comes in time; raises as `Client.receive` does."""
        end_s = time.monotonic() + timeout_s
        while (event := self._next()) is None and time.monotonic() < end_s:
            poller = zmq.asyncio.Poller()
            for socket in self._link.sockets:
                poller.register(socket.FD, zmq.POLLIN)
            await poller.poll(self._wait_ms(end_s))
        return event

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events for ever; raises as `Client.receive` does."""
        while True:
            event = await self.receive()
            if event is not None:
                yield event
