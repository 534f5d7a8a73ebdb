"""The daemon while a camera's library holds the interpreter's lock for a minute, as libcamera does during an upload."""

import json
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from edge.service.unit import OPENING_MORE_S, Service
from edge.settings.settings import Settings
from tests.edge.service.test_daemon import ENTRY, children, free_ports, running
from tests.edge.supervisor import Supervisor

pytestmark = pytest.mark.e2e
REPOSITORY = Path(__file__).resolve().parents[3]
FROZEN_S = 60.0
CAMERA = '[source]\nspec = "picamera"\nfps = 20\n[camera]\nwidth = 640\nheight = 480\n'


@pytest.fixture(autouse=True)
def frozen(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{REPOSITORY / 'tests/hardware/camera_apart'}:{REPOSITORY}")
    monkeypatch.setenv("CAMERA_STAND_IN", json.dumps({"start_s": FROZEN_S}))


def test_health_control_and_signals_go_on(tmp_path, tiny_database):
    with running(tmp_path, tiny_database.toml() + CAMERA) as daemon:
        begun = time.monotonic()
        health = daemon.listen(lambda m: m.topic == "health", timeout_s=50)
        assert health.status == "degraded"
        assert any("is being opened" in sentence for sentence in health.degraded)
        answered = []
        for _ in range(5):
            asked = time.monotonic()
            assert daemon.ask(command="status")["ok"]
            answered.append(time.monotonic() - asked)
        assert sorted(answered)[2] < 1.0
        (camera,) = children(daemon.process.pid)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(timeout=20) == 0
        assert time.monotonic() - begun < FROZEN_S
        assert not Path(f"/proc/{camera}").exists()


def test_the_service_manager_is_asked_for_more_time(tmp_path, tiny_database):
    ports = free_ports(2)
    endpoints = f'[publish]\nendpoint = "tcp://127.0.0.1:{ports[0]}"\ncontrol = "tcp://127.0.0.1:{ports[1]}"\n'
    config = tmp_path / "config.toml"
    config.write_text(tiny_database.toml() + CAMERA + endpoints)
    with Supervisor(tmp_path, [sys.executable, "-c", ENTRY, str(config)], watchdog_s=60.0) as supervisor:
        supervisor.run(lambda: any("first upload" in each for each in supervisor.values("STATUS")), timeout_s=50)
        assert supervisor.values("EXTEND_TIMEOUT_USEC")[0] == str(round(1e6 * OPENING_MORE_S))
        assert supervisor.values("READY") == []


def test_a_camera_that_is_opened_anew_is_not_taken_for_a_hang():
    """A service that is ready has no start to extend; its watchdog is fed while an upload goes on."""
    told: list[str] = []

    class Manager:
        def __getattr__(self, name: str):
            return lambda *_: told.append(name)

    service = Service(Manager(), Settings, threading.Event())
    service.opening()
    service.opening()
    assert told == ["extend_timeout", "status"]
    service.report(None, advanced=True)
    told.clear()
    service.opening()
    assert told == ["feed_watchdog"]
