"""Whoever never reads is let go of, and costs nobody anything."""

import base64
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.edge.page.test_browser import Bench, until

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(300)]
STUCK, TABS = 40, 20
LET_GO_S = 60
MOST_MB = 10


@pytest.fixture
def bench(tmp_path, tiny_database, table):
    bench = Bench(tmp_path, tiny_database, table, browser=None)
    until(lambda: bench.ask("status").get("health"), 60, "the scanner's first message")
    yield bench
    bench.close()


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def connections(pid: int) -> int:
    """Sockets that a process holds."""
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += str(descriptor.readlink()).startswith("socket:")
        except OSError:
            continue
    return found


def stuck(port: int, request: str) -> socket.socket:
    """A connection with the smallest window that asks again and again, and never reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    connection.connect(("127.0.0.1", port))
    connection.sendall(request.encode())
    return connection


def requests(port: int) -> list[str]:
    host = f"Host: 127.0.0.1:{port}\r\n"
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    pictures = "".join(f"GET /frame?after={each} HTTP/1.1\r\n{host}\r\n" for each in range(50))
    return [pictures, f"GET /news HTTP/1.1\r\n{host}Origin: http://127.0.0.1:{port}\r\n{upgrade}\r\n"]


def test_forty_that_never_read_beside_twenty_that_do(bench, record_property):
    page = bench.page
    pid = page.process.pid
    page.ask("GET", "/frame")
    idle = connections(pid)
    stop, read = threading.Event(), []

    def tab() -> None:
        key = ""
        while not stop.is_set():
            status, headers, body = page.ask("GET", f"/frame?after={key}")
            assert status in (200, 204)
            if status == 200:
                key = headers["x-key"]
                read.append(len(body))

    tabs = [threading.Thread(target=tab) for _ in range(TABS)]
    for each in tabs:
        each.start()
    time.sleep(5)
    before_mb = resident_mb(pid)
    held = [stuck(page.port, requests(page.port)[number % 2]) for number in range(STUCK)]
    pictures = len(read)
    highest_mb = 0.0
    for _ in range(20):
        time.sleep(0.5)
        highest_mb = max(highest_mb, resident_mb(pid))
    assert len(read) > pictures + 50
    stop.set()
    for each in tabs:
        each.join()
    until(lambda: connections(pid) <= idle, LET_GO_S, "connections that nobody reads are let go of")
    record_property("memory_mb", (before_mb, highest_mb))
    for each in held:
        each.close()
    assert highest_mb - before_mb < MOST_MB
    assert page.ask("GET", "/metrics")[0] == 200
