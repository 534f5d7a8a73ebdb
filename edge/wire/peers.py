"""Binds the sockets, and bounds what the programs that connect may send.

libzmq bounds the length of a message's part and how many whole messages wait. It bounds neither how many parts a
message has, nor a subscriber's subscriptions, each byte of which costs the publisher about 100, nor who connects. So
every TCP connection is watched from outside: the kernel counts what has come in on it, and one that sent too much is
ended, upon which libzmq frees all that it holds for it. Whoever comes by `ipc://` must be in the group of its file.
"""

import logging
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import zmq
from zmq.utils.monitor import recv_monitor_message

from edge.errors import PublishError
from edge.wire import ipc
from edge.wire.access import Access, is_local
from edge.wire.keepalive import keep_alive

# `tcpi_bytes_received` in Linux's struct tcp_info (linux/tcp.h, since 4.1): 64 bits at this place.
_BYTES_RECEIVED_AT = 128
_TCP_INFO_BYTES = _BYTES_RECEIVED_AT + 8

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the peers of a socket may do.

    Attributes:
        connections: how many there may be at once.
        connection_bytes: most that one may send until it is `settled`.
        part_bytes: most that one part of a message may hold.
        waiting: whole messages of one peer that wait to be taken.
    """

    connections: int
    connection_bytes: int
    part_bytes: int
    waiting: int


@dataclass(slots=True, kw_only=True)
class _Connection:
    peer: Any
    settled_bytes: int = 0


class Peers:
    """The connections of one bound socket. Safe between threads, but for `close`.

    Attributes:
        port: of TCP that the socket is bound to; None where it is bound to a file.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        bound: "zmq.Socket[bytes]",
        endpoint: str,
        key: str,
        allowance: Allowance,
        access: Access | None,
    ) -> None:
        """Bind a socket, or close it and say why that is not possible.

        Args:
            context: that it belongs to.
            bound: the socket.
            endpoint: where it is to listen; by `ipc://`, its file is for its owner and group.
            key: the setting that names the endpoint.
            allowance: of its peers.
            access: who may connect from other machines; None refuses an endpoint that those can reach.

        Raises:
            PublishError: naming the setting `key`.
        """
        self._guarded = not is_local(endpoint)
        self._socket = bound
        self._allowance = allowance
        self._key = key
        self._lock = threading.Lock()
        self._connections: dict[int, _Connection] = {}
        bound.setsockopt(zmq.MAXMSGSIZE, allowance.part_bytes)
        bound.setsockopt(zmq.RCVHWM, allowance.waiting)
        keep_alive(bound)
        self._events = _monitored(context, bound)
        try:
            if self._guarded:
                _guard(bound, endpoint, key, access)
            _bind(bound, endpoint)
        except (zmq.ZMQError, ValueError, OSError, PublishError) as cause:
            self.close()
            bound.close(linger=0)
            if isinstance(cause, PublishError):
                raise
            raise PublishError(f"{key}: {endpoint} {_why_not(cause)}") from cause
        self.port = _port(bound)

    def check(self) -> None:
        """Take in who has connected, and end the connections that are too many or sent too much; to be called often."""
        with self._lock:
            self._take_in()
            for descriptor, connection in list(self._connections.items()):
                received = _received_bytes(descriptor, connection.peer)
                if received is None:
                    del self._connections[descriptor]
                elif received - connection.settled_bytes > self._allowance.connection_bytes:
                    _log.warning("%s: %s sent too much and is disconnected", self._key, connection.peer[0])
                    self._end(descriptor)

    def settle(self, message: zmq.Frame) -> None:
        """Count anew what the connection sends on which a whole message has come."""
        try:
            descriptor = message.get(zmq.SRCFD)
        except zmq.ZMQError:  # it came by another transport than TCP
            return
        with self._lock:
            self._take_in()
            connection = self._connections.get(descriptor)
            received = None if connection is None else _received_bytes(descriptor, connection.peer)
            if connection is not None and received is not None:
                connection.settled_bytes = received

    def disconnect(self, message: zmq.Frame) -> None:
        """End the connection on which a message came, where it came by TCP."""
        try:
            descriptor = message.get(zmq.SRCFD)
        except zmq.ZMQError:
            return
        with self._lock:
            self._take_in()
            if descriptor in self._connections:
                _log.warning("%s: a peer that sends what is no subscription is disconnected", self._key)
                self._end(descriptor)

    def disconnect_guarded(self) -> None:
        """End all connections where only programs with a key may connect: those that still may connect again."""
        if not self._guarded:
            return
        with self._lock:
            self._take_in()
            for descriptor in list(self._connections):
                self._end(descriptor)

    def close(self) -> None:
        """Watch no longer; to be called before the socket is closed. Safe to call twice."""
        if not self._events.closed:
            self._socket.disable_monitor()
            self._events.close(linger=0)

    def _take_in(self) -> None:
        while self._events.poll(0):
            self._accept(int(recv_monitor_message(self._events)["value"]))

    def _accept(self, descriptor: int) -> None:
        if self.port is None:  # whoever comes by a file is not watched
            return
        peer = _ask(descriptor, lambda tcp: tcp.getpeername() if tcp.getsockname()[1] == self.port else None)
        if peer is not None:
            self._connections[descriptor] = _Connection(peer=peer)
        if len(self._connections) > self._allowance.connections:
            _log.warning("%s: more than %d connections; another is refused", self._key, self._allowance.connections)
            self._end(descriptor)

    def _end(self, descriptor: int) -> None:
        """End a connection at once: the peer is reset when libzmq, which sees its end, closes it."""

        def reset(tcp: socket.socket) -> None:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            tcp.shutdown(socket.SHUT_RDWR)

        self._connections.pop(descriptor, None)
        _ask(descriptor, reset)


def _guard(bound: "zmq.Socket[bytes]", endpoint: str, key: str, access: Access | None) -> None:
    if access is None:
        raise PublishError(
            f"{key}: {endpoint} can be reached from other machines; choose one such as tcp://127.0.0.1:5556"
        )
    access.protect(bound, endpoint, key)


def _bind(bound: "zmq.Socket[bytes]", endpoint: str) -> None:
    if ipc.is_held(endpoint):
        raise zmq.ZMQError(zmq.EADDRINUSE)
    bound.bind(endpoint)
    ipc.restrict(endpoint)


def _monitored(context: "zmq.Context[zmq.Socket[bytes]]", bound: "zmq.Socket[bytes]") -> "zmq.Socket[bytes]":
    """A socket on which libzmq says whom it has accepted; it never waits for the one who listens."""
    place = f"inproc://peers-{id(bound)}"
    bound.monitor(place, zmq.EVENT_ACCEPTED)
    events = context.socket(zmq.PAIR)
    events.setsockopt(zmq.RCVHWM, 0)
    events.connect(place)
    return events


def _ask(descriptor: int, question: Callable[[socket.socket], T]) -> T | None:
    """Ask a connection of libzmq's, by its descriptor and without another one; None where it is gone."""
    try:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=descriptor)
    except OSError:
        return None
    try:
        return question(connection)
    except OSError:
        return None
    finally:
        connection.detach()


def _received_bytes(descriptor: int, peer: object) -> int | None:
    """What has come in on a connection; None where it is gone."""

    def count(tcp: socket.socket) -> int | None:
        if tcp.getpeername() != peer:
            return None
        info = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        return int(struct.unpack_from("=Q", info, _BYTES_RECEIVED_AT)[0])

    return _ask(descriptor, count)


def _port(bound: "zmq.Socket[bytes]") -> int | None:
    endpoint = bound.getsockopt_string(zmq.LAST_ENDPOINT)
    return int(endpoint.rpartition(":")[2]) if endpoint.startswith("tcp://") else None


def _why_not(cause: zmq.ZMQError | ValueError | OSError) -> str:
    if isinstance(cause, zmq.ZMQError) and cause.errno == zmq.EADDRINUSE:
        return "is in use; is another card-scanner running? Stop it, or choose another endpoint"
    reason = cause if isinstance(cause, ValueError) else cause.strerror
    return f"cannot be bound ({reason}); give one such as tcp://127.0.0.1:5556"
