"""The sockets of a client, and what comes through them as events. It never waits: that is the client's part."""

import time
from collections.abc import Callable, Sequence

import zmq

from edge.client.events import Event, Received, Recovered, Restarted, Silent
from edge.client.requests import decode_reply, encode_request
from edge.client.scanner import Scanner
from edge.errors import ConfigurationError, ProtocolError
from edge.wire.access import show_key
from edge.wire.commands import StateReply
from edge.wire.encoding import Message, decode
from edge.wire.envelope import Topic
from edge.wire.keepalive import keep_alive
from edge.wire.keys import ClientKey

_KEPT_MESSAGES = 10_000
_LONGEST_PART_BYTES = 1_000_000
# Before the first health message tells it.
_HEALTH_INTERVAL_S = 1.0
_SILENT_INTERVALS = 3
_STATE_LIMIT_S = 2.0
_TAKEN_AT_ONCE = 100
_ALL_CARDS = "card."


class Link:
    """A subscription, and the way to ask for the state. Used by one thread.

    Attributes:
        scanners: device -> what is known of it; several may publish through one proxy.
        lost: messages that did not arrive, in all.
    """

    def __init__(
        self,
        endpoint: str,
        control: str | None,
        topics: Sequence[str],
        where: Callable[[Message], bool] | None,
        key: ClientKey | None,
    ) -> None:
        """Connect; a scanner that is not there yet is waited for.

        Raises:
            ConfigurationError: if that is no endpoint.
        """
        self.scanners: dict[str, Scanner] = {}
        self.lost = 0
        self._endpoint, self._control_endpoint = endpoint, control
        self._topics, self._where = tuple(topics), where
        self._expects = subscriptions(topics)
        self._key = key
        self._context = zmq.Context[zmq.Socket[bytes]]()
        self._heard_s = time.monotonic()
        self._silence_told = False
        self._lost_untold = 0
        self._asked: Scanner | None = None
        self._answer_due_s = 0.0
        self._socket = self._connected(zmq.SUB, endpoint)
        for topic in self._expects if control is not None else with_last_confirmation(self._expects):
            self._socket.subscribe(topic.encode())
        self._control = None if control is None else self._connected(zmq.REQ, control)

    def close(self) -> None:
        """Disconnect. Safe to call twice."""
        self._context.destroy(linger=0)

    @property
    def sockets(self) -> list["zmq.Socket[bytes]"]:
        """What to wait on."""
        return [self._socket, *([] if self._control is None else [self._control])]

    @property
    def silent_s(self) -> float:
        """Time since the last message, or since the beginning."""
        return time.monotonic() - self._heard_s

    @property
    def due_s(self) -> float:
        """Time until there is something to do though nothing comes."""
        silence_s = float("inf") if self._silence_told else self._patience_s - self.silent_s
        answer_s = float("inf") if self._asked is None else self._answer_due_s - time.monotonic()
        return max(0.0, min(silence_s, answer_s))

    def take(self) -> list[Event]:
        """What has come.

        Raises:
            ProtocolError: if it is not of this protocol.
        """
        events: list[Event] = []
        for _ in range(_TAKEN_AT_ONCE):
            if not self._socket.poll(0):
                break
            events += self._message(self._socket.recv_multipart())
        events += self._state()
        if not self._silence_told and self.silent_s > self._patience_s:
            self._silence_told = True
            events.append(Silent(silent_s=self.silent_s))
        return events

    @property
    def _patience_s(self) -> float:
        told = [scanner.health.interval_s for scanner in self.scanners.values() if scanner.health is not None]
        return _SILENT_INTERVALS * max(told, default=_HEALTH_INTERVAL_S)

    def _message(self, parts: list[bytes]) -> list[Event]:
        self._heard_s, self._silence_told = time.monotonic(), False
        try:
            message = decode(parts)
        except ProtocolError as cause:
            raise ProtocolError(f"{self._endpoint}: {cause}") from cause
        if message is None:
            return []
        scanner, events = self._scanner_of(message.device, message.session)
        lost = scanner.lost(message, self._expects)
        if lost is None:
            return events
        self.lost += lost
        self._lost_untold = max(0, self._lost_untold + lost)
        if message.topic.startswith(self._topics) and (self._where is None or self._where(message)):
            events.append(Received(message=message, json=parts[1].decode(), lost=self._lost_untold))
            self._lost_untold = 0
        return events

    def _scanner_of(self, device: str, session: str) -> tuple[Scanner, list[Event]]:
        before = self.scanners.get(device)
        if before is not None and before.session == session:
            return before, []
        self.scanners[device] = Scanner(device, session, asks=self._control is not None)
        return self.scanners[device], [] if before is None else [Restarted(device=device, session=session)]

    def _state(self) -> list[Event]:
        """Ask for the state where it is wanted, and take the answer in."""
        if self._control is None:
            return []
        if self._asked is None:
            self._ask(self._control)
        elif self._control.poll(0):
            return self._recover(self._asked, self._control.recv())
        elif time.monotonic() >= self._answer_due_s:
            self._asked.not_answered()
            self._asked = None
            self._control.close(linger=0)
            self._control = self._connected(zmq.REQ, self._control_endpoint or "")
        return []

    def _ask(self, control: "zmq.Socket[bytes]") -> None:
        wanting = next((scanner for scanner in self.scanners.values() if scanner.wants_state), None)
        if wanting is not None and control.poll(0, zmq.POLLOUT):
            control.send(encode_request("state"))
            wanting.asked()
            self._asked, self._answer_due_s = wanting, time.monotonic() + _STATE_LIMIT_S

    def _recover(self, asked: Scanner, reply: bytes) -> list[Event]:
        self._asked = None
        try:
            state = decode_reply(StateReply, reply)
        except ProtocolError as cause:
            raise ProtocolError(f"{self._control_endpoint}: {cause}") from cause
        if (state.device, state.session) != (asked.device, asked.session):
            return []
        asked.recover(state)
        return [Recovered(device=asked.device, tracks=tuple(asked.tracks.values()))]

    def _connected(self, kind: int, endpoint: str) -> "zmq.Socket[bytes]":
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.RCVHWM, _KEPT_MESSAGES)
        socket.setsockopt(zmq.LINGER, 0)
        show_key(socket, self._key)
        keep_alive(socket)
        if kind == zmq.SUB:
            socket.setsockopt(zmq.MAXMSGSIZE, _LONGEST_PART_BYTES)
        try:
            socket.connect(endpoint)
        except zmq.ZMQError as cause:
            self.close()
            raise ConfigurationError(
                f"cannot connect to {endpoint!r} ({cause.strerror}); give an endpoint such as tcp://127.0.0.1:5556"
            ) from cause
        return socket


def subscriptions(topics: Sequence[str]) -> tuple[str, ...]:
    """Beginnings of topics to subscribe to: health always, and all of cards or none, so that losses can be told."""
    if any(topic == "" for topic in topics):
        return ("",)
    cards = any(topic.startswith(_ALL_CARDS) or _ALL_CARDS.startswith(topic) for topic in topics)
    return (Topic.HEALTH.value, _ALL_CARDS) if cards else (Topic.HEALTH.value,)


def with_last_confirmation(subscribed: tuple[str, ...]) -> tuple[str, ...]:
    """The same, and where cards are among them confirmations by themselves: the newest that holds is the answer."""
    return (*subscribed, Topic.CONFIRMED.value) if Topic.CONFIRMED.startswith(subscribed) else subscribed
