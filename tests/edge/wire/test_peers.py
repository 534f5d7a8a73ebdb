"""What a peer may do to the two sockets, tried with peers that mean harm."""

import json
import os
import threading
import time
from contextlib import contextmanager

import pytest
import zmq

from edge.health import resident_mb
from edge.settings.sections import PublishSettings
from edge.wire.commands import Form, Reply, Request
from edge.wire.control import ControlSocket
from edge.wire.publisher import Publisher
from tests.edge.raw_peer import flood, frame, raw_peer
from tests.wire_messages import bare_message, health_message

GROWTH_MB = 60
PICTURE = "x" * 2_000_000


class Anything(Request):
    padding: str = ""


class Picture(Reply):
    image: str


class Sockets:
    """The publisher, as busy as a daemon's, and the control socket, watched as the daemon watches them."""

    def __init__(self, context: zmq.Context) -> None:
        self.context = context
        self.publisher = Publisher(context, PublishSettings(endpoint="tcp://127.0.0.1:*"))
        commands = {"status": lambda _: Reply(), "picture": lambda _: Picture(image=PICTURE)}
        form = Form(request=Anything, reply=Reply, at_once=True)
        self.control = ControlSocket(context, "tcp://127.0.0.1:*", commands, dict.fromkeys(commands, form))
        self.publisher.send(health_message())
        self.slowest_send_s = 0.0
        self.stop = threading.Event()
        self.started_mb = resident_mb()

    def port(self, socket: str) -> int:
        port = {"PUB": self.publisher, "REP": self.control}[socket].peers.port
        assert port is not None
        return port

    def publish(self) -> None:
        while not self.stop.wait(0.01):
            start = time.monotonic()
            self.publisher.welcome()
            self.publisher.send(bare_message())
            self.slowest_send_s = max(self.slowest_send_s, time.monotonic() - start)

    def answer(self) -> None:
        while not self.stop.is_set():
            self.control.step()

    def watch(self) -> None:
        while not self.stop.wait(0.05):
            self.publisher.peers.check()
            self.control.peers.check()

    def both_work(self) -> bool:
        """Whether both answer at once, and neither memory nor the time of a send has grown."""
        with self.context.socket(zmq.SUB) as subscriber, self.context.socket(zmq.REQ) as client:
            subscriber.linger = client.linger = 0
            subscriber.subscribe(b"")
            subscriber.connect(f"tcp://127.0.0.1:{self.port('PUB')}")
            client.connect(f"tcp://127.0.0.1:{self.port('REP')}")
            client.send(b'{"command": "status"}')
            answered = subscriber.poll(5000) and client.poll(5000) and client.recv_json()["ok"]
        return answered and resident_mb() < self.started_mb + GROWTH_MB and self.slowest_send_s < 1.0


@contextmanager
def working():
    with zmq.Context() as context:
        sockets = Sockets(context)
        threads = [threading.Thread(target=step) for step in (sockets.publish, sockets.answer, sockets.watch)]
        for thread in threads:
            thread.start()
        try:
            yield sockets
        finally:
            sockets.stop.set()
            for thread in threads:
                thread.join()
            sockets.publisher.close()
            sockets.control.close()


@pytest.fixture
def sockets():
    with working() as sockets:
        yield sockets


def subscriptions() -> bytes:
    return b"".join(frame(b"\x01" + os.urandom(200)) for _ in range(100))


@pytest.mark.parametrize(
    ("kind", "socket", "block"),
    [
        pytest.param(b"SUB", "PUB", subscriptions(), id="many subscriptions"),
        pytest.param(b"SUB", "PUB", frame(b"\x01" + os.urandom(5_000_000)), id="one long subscription"),
        pytest.param(b"SUB", "PUB", 50_000 * frame(b"", more=True), id="a subscription that never ends"),
        pytest.param(b"REQ", "REP", frame(bytes(60_000), more=True), id="a request that never ends"),
        pytest.param(b"REQ", "REP", 50_000 * frame(b"", more=True), id="a request of no length that never ends"),
        pytest.param(b"REQ", "REP", frame(bytes(1_000_000), more=True), id="a request of long parts"),
    ],
)
def test_a_peer_that_sends_too_much_is_disconnected(sockets, kind, socket, block):
    with raw_peer(sockets.port(socket), kind) as peer:
        assert flood(peer, block, limit_bytes=300_000_000)
    assert sockets.both_work()


def is_refused(port: int, kind: bytes) -> bool:
    """Whether the other side ends a new connection, while or after it is greeted."""
    try:
        with raw_peer(port, kind) as late:
            while late.recv(1000):
                pass
    except (BrokenPipeError, ConnectionResetError):
        return True
    except TimeoutError:
        return False
    return True


def test_clients_that_never_read_their_replies(sockets):
    request = frame(b"", more=True) + frame(b'{"command": "picture"}')
    peers = [raw_peer(sockets.port("REP"), b"DEALER") for _ in range(4)]
    for peer in peers:
        for _ in range(50):
            peer.sendall(request)
    time.sleep(2)
    assert sockets.both_work()
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("stays", [True, False])
def test_a_message_that_is_no_request_costs_no_other_client_its_answer(sockets, stays):
    """Nor does it hold up the thread that serves all of them."""
    peer = raw_peer(sockets.port("REP"), b"REQ")
    peer.sendall(frame(b"\x00"))
    if not stays:
        peer.close()
    time.sleep(0.1)
    assert sockets.both_work()
    peer.close()


@pytest.mark.parametrize(("socket", "most"), [("PUB", 64), ("REP", 16)])
def test_connections_beyond_the_limit_are_refused(sockets, socket, most, caplog):
    kind = {"PUB": b"SUB", "REP": b"REQ"}[socket]
    peers = [raw_peer(sockets.port(socket), kind) for _ in range(most)]
    time.sleep(0.3)
    assert is_refused(sockets.port(socket), kind)
    for peer in peers:
        peer.sendall(frame(b"\x00"))
        peer.close()
    time.sleep(0.3)
    assert sockets.both_work()


def test_one_client_may_ask_for_ever(sockets):
    """Together far more bytes than one request may have."""
    with sockets.context.socket(zmq.REQ) as client:
        client.linger = 0
        client.connect(f"tcp://127.0.0.1:{sockets.port('REP')}")
        for _ in range(20):
            client.send(json.dumps({"command": "status", "padding": "x" * 60_000}).encode())
            assert client.poll(5000)
            assert client.recv_json()["ok"]


def test_a_subscriber_with_the_longest_name_and_every_topic_is_served(sockets):
    with sockets.context.socket(zmq.SUB) as subscriber:
        subscriber.linger = 0
        subscriber.setsockopt(zmq.IDENTITY, b"n" * 255)
        for topic in (b"card.", b"card.appeared", b"card.left", b"health"):
            subscriber.subscribe(topic)
        subscriber.connect(f"tcp://127.0.0.1:{sockets.port('PUB')}")
        for _ in range(20):
            assert subscriber.poll(5000)
            subscriber.recv_multipart()
