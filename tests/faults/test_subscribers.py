"""A subscriber that never reads; thousands that connect, say nothing and go; more than there are descriptors for."""

import socket
import struct
import time
from pathlib import Path

import pytest
import zmq

from tests.faults.episode import Episode
from tests.faults.observed import ObservedDaemon

pytestmark = pytest.mark.faults

GROWTH_MB = 40
MOST_SUBSCRIBERS = 64


def descriptors(daemon: ObservedDaemon) -> int:
    return len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))


def deaf_subscriber(context: zmq.Context, daemon: ObservedDaemon) -> zmq.Socket:
    """It subscribes to everything, has next to no room, and is never read."""
    deaf = context.socket(zmq.SUB)
    deaf.rcvhwm, deaf.rcvbuf, deaf.linger = 1, 4096, 0
    deaf.subscribe(b"")
    deaf.connect(daemon.endpoint(0))
    return deaf


def come_and_go(daemon: ObservedDaemon, count: int) -> None:
    """Subscribers, silent TCP connections and reset ones, to both sockets in turn."""
    context = zmq.Context()
    for number in range(count):
        port = daemon.ports[number % 2]
        if number % 4 < 2:
            with socket.create_connection(("127.0.0.1", port), 5.0) as connection:
                if number % 8 < 4:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            with context.socket(zmq.SUB if port == daemon.ports[0] else zmq.REQ) as client:
                client.linger = 0
                client.connect(f"tcp://127.0.0.1:{port}")
    context.destroy(linger=0)


def settled(daemon: ObservedDaemon, fault: Episode, held: int) -> float:
    """Wait until the connections are gone; back to work after how long."""
    back_s = fault.works_again()
    deadline = time.monotonic() + 40
    while descriptors(daemon) > held + 5 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert descriptors(daemon) <= held + 5
    assert daemon.ask(command="status")["ok"]
    return back_s


def never_reads(daemon: ObservedDaemon, title: str, seconds: float) -> Episode:
    fault = Episode(daemon, title)
    context = zmq.Context()
    deaf = deaf_subscriber(context, daemon)
    time.sleep(seconds)
    deaf.close()
    context.term()
    fault.end()
    fault.works_again()
    assert daemon.health()[-1].rss_mb < fault.rss_mb + GROWTH_MB
    fault.check()
    return fault


def connects(daemon: ObservedDaemon, title: str, count: int) -> tuple[Episode, float]:
    fault = Episode(daemon, title)
    held = descriptors(daemon)
    come_and_go(daemon, count)
    fault.end()
    back_s = settled(daemon, fault, held)
    assert daemon.health()[-1].rss_mb < fault.rss_mb + GROWTH_MB
    fault.check()
    return fault, back_s


def test_a_subscriber_that_never_reads(daemon):
    never_reads(daemon, "subscriber that never reads", 4.0)
    assert daemon.health()[-1].messages_failed == 0


def test_connections_that_come_and_go(daemon):
    connects(daemon, "400 connects", 400)
    assert daemon.ask(command="status")["ok"]


@pytest.mark.long
def test_a_subscriber_that_never_reads_for_a_minute(started, record):
    daemon = started()
    fault = never_reads(daemon, "subscriber that never reads", 60.0)
    assert daemon.health()[-1].messages_failed == 0
    record(fault.row("goes on throughout; the other subscriber misses nothing"))


@pytest.mark.long
def test_ten_thousand_connections_that_come_and_go(started, record):
    daemon = started()
    fault, back_s = connects(daemon, "10,000 connects and disconnects", 10_000)
    assert daemon.ask(command="status")["ok"]
    record(fault.row(f"goes on throughout ({back_s:.1f} s to the next answer)"))


@pytest.mark.long
def test_more_connections_at_once_than_there_are_descriptors(started, record):
    """As many as are let in; the rest are refused, and the descriptors that are left suffice."""
    daemon = started(descriptors=400)
    held = descriptors(daemon)
    fault = Episode(daemon, "450 connections held open, 400 descriptors")
    connections = [socket.create_connection(("127.0.0.1", daemon.ports[0]), 5.0) for _ in range(450)]
    time.sleep(3.0)
    assert descriptors(daemon) <= held + MOST_SUBSCRIBERS + 5
    for connection in connections:
        connection.close()
    fault.end()
    back_s = settled(daemon, fault, held)
    fault.check()
    record(fault.row(f"goes on throughout ({back_s:.1f} s to the next answer)"))
