import logging
import os
import socket
import time

import pytest

from edge.service.notify import ServiceManager


class Listener:
    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture(params=["path", "abstract"])
def listener(request, tmp_path):
    name = str(tmp_path / "notify")
    listener = Listener(name if request.param == "path" else "\0" + name)
    listener.name = name if request.param == "path" else "@" + name
    yield listener
    listener.socket.close()


def environment(listener, **more) -> dict[str, str]:
    return {"NOTIFY_SOCKET": listener.name, **more}


def test_what_is_said_arrives(listener):
    with ServiceManager.from_environment(environment(listener)) as manager:
        manager.status("opening")
        manager.status("opening")
        manager.ready()
        manager.status("two\nlines")
        manager.stopping()
    assert listener.heard() == ["STATUS=opening", "READY=1", "STATUS=two lines", "STOPPING=1"]


def test_a_reload_carries_its_time(listener):
    before = time.monotonic_ns() // 1000
    with ServiceManager.from_environment(environment(listener)) as manager:
        manager.reloading()
    [message] = listener.heard()
    first, second = message.splitlines()
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_the_watchdog_is_fed_four_times_a_period(listener):
    now = 0
    with ServiceManager(listener.name, watchdog_s=2.0, clock=lambda: now) as manager:
        for now in range(0, 4_000_000_000, 10_000_000):  # noqa: B007 (the clock reads it)
            manager.feed_watchdog()
    assert listener.heard() == ["WATCHDOG=1"] * 8


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_who_is_watched(listener, variables, expected):
    with ServiceManager.from_environment(environment(listener, **variables)) as manager:
        assert manager.watchdog_s == expected
        manager.feed_watchdog()
    assert listener.heard() == ["WATCHDOG=1"] * (expected is not None)


def test_started_by_hand_nothing_is_said():
    with ServiceManager.from_environment({"WATCHDOG_USEC": "3000000"}) as manager:
        assert manager.watchdog_s is None
        manager.ready()
        manager.feed_watchdog()
        manager.stopping()


def test_a_manager_that_is_gone_is_logged_and_survived(tmp_path, caplog):
    with ServiceManager(str(tmp_path / "gone")) as manager, caplog.at_level(logging.WARNING, "edge.service.notify"):
        manager.ready()
    assert "cannot be told READY=1: No such file" in caplog.text
