"""The receiving end of the wire: typed messages, and how many were lost on the way."""

import time
from dataclasses import dataclass
from types import TracebackType

import zmq

from edge.errors import ConfigurationError, ProtocolError
from edge.wire.encoding import Message, decode
from edge.wire.envelope import Topic

_KEPT_MESSAGES = 10_000
_LONGEST_PART_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message.

    Attributes:
        message: what it says.
        json: as it came over the wire.
        lost: messages of its topic between the one before and this one that did not arrive.
    """

    message: Message
    json: str
    lost: int


class Subscription:
    """A ZeroMQ SUB socket on every topic of one publisher. A context manager; not safe between threads."""

    def __init__(self, endpoint: str) -> None:
        """Connect; a publisher that is not there yet is waited for.

        Raises:
            ConfigurationError: if that is not an endpoint.
        """
        self.lost = 0
        self._endpoint = endpoint
        self._session: str | None = None
        self._expected: dict[Topic, int] = {}
        self._heard_s = time.monotonic()
        self._context = zmq.Context[zmq.Socket[bytes]]()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, _KEPT_MESSAGES)
        self._socket.setsockopt(zmq.MAXMSGSIZE, _LONGEST_PART_BYTES)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        try:
            self._socket.connect(endpoint)
        except zmq.ZMQError as cause:
            self._context.destroy(linger=0)
            raise ConfigurationError(
                f"cannot connect to {endpoint!r} ({cause.strerror}); give an endpoint such as tcp://127.0.0.1:5556"
            ) from cause

    def __enter__(self) -> "Subscription":
        """The subscription itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._context.destroy(linger=0)

    @property
    def silent_s(self) -> float:
        """Time since the last message, or since the subscription began."""
        return time.monotonic() - self._heard_s

    def receive(self, timeout_s: float) -> Received | None:
        """The next message; None when none comes in time, or one of a topic that is not known.

        Raises:
            ProtocolError: if what comes is not of this protocol.
        """
        if not self._socket.poll(round(1000 * timeout_s)):
            return None
        parts = self._socket.recv_multipart()
        self._heard_s = time.monotonic()
        message = self._parse(parts)
        return None if message is None else Received(message=message, json=parts[1].decode(), lost=self._lost(message))

    def _parse(self, parts: list[bytes]) -> Message | None:
        try:
            return decode(parts)
        except ProtocolError as cause:
            raise ProtocolError(f"{self._endpoint}: {cause}") from cause

    def _lost(self, message: Message) -> int:
        """A scanner that was started again counts anew."""
        if message.session != self._session:
            self._session, self._expected = message.session, {}
        lost = max(0, message.sequence - self._expected.get(message.topic, message.sequence))
        self._expected[message.topic] = message.sequence + 1
        self.lost += lost
        return lost
