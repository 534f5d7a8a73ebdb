"""The daemon as a service: ready, watched, reloaded and stopped over a real notify socket."""

import signal
import socket
import sys
from pathlib import Path

import cv2
import pytest

from edge.manifests import read_database_manifest
from tests.edge.conftest import write_tiny_database
from tests.edge.supervisor import Supervisor

pytestmark = pytest.mark.e2e

# The daemon on a source of this file: one picture, at 30 frames/s, that stands still while the file `stall` exists.
STALLING = """
import sys, time
from pathlib import Path
import edge.service.daemon
from edge.cli import main
from edge.sources.apart import open_for_daemon

stall = Path(sys.argv.pop(1))

class Stalling:
    def __init__(self, inner):
        self.inner, self.live, self.stills, self.gives_boxes, self.name = inner, True, False, False, inner.name
    def read(self):
        time.sleep(1 / 30)
        while stall.exists():
            time.sleep(0.05)
        return self.inner.read()
    def close(self):
        self.inner.close()

edge.service.daemon.open_for_daemon = lambda settings: Stalling(open_for_daemon(settings))
sys.exit(main())
"""


@pytest.fixture
def config(tmp_path, tiny_database, table) -> Path:
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "1.png"), table(next(iter(tiny_database.cards.values()))))
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (first, second)]
    (tmp_path / "config.toml").write_text(
        f'{tiny_database.toml()}[source]\nspec = "images:{tmp_path / "photos"}"\nloop = true\n'
        f'[publish]\nendpoint = "tcp://127.0.0.1:{ports[0]}"\ncontrol = "tcp://127.0.0.1:{ports[1]}"\n'
        "health_interval_s = 0.2\n"
    )
    return tmp_path / "config.toml"


def command(config: Path) -> list[str]:
    return [sys.executable, "-c", STALLING, str(config.parent / "stall"), "run", "--config", str(config)]


def test_ready_then_status_then_stopping(tmp_path, config):
    with Supervisor(tmp_path, command(config)) as supervisor:
        supervisor.run(lambda: any("1 card in view" in text for text in supervisor.values("STATUS")))
        assert supervisor.values("STATUS")[0].startswith("opening the model")
        assert supervisor.values("READY") == ["1"]
        assert "frames/s from images:" in supervisor.values("STATUS")[-1]
        assert "database database (4 cards)" in supervisor.values("STATUS")[-1]
        assert supervisor.values("WATCHDOG") == []
        supervisor.process.send_signal(signal.SIGTERM)
        supervisor.run(lambda: supervisor.values("STOPPING") == ["1"])
        assert supervisor.process.wait(5) == 0


def test_no_frame_means_not_ready(tmp_path, config):
    (tmp_path / "stall").touch()
    with Supervisor(tmp_path, command(config)) as supervisor:
        supervisor.run(lambda: bool(supervisor.values("STATUS")))
        supervisor.process.send_signal(signal.SIGTERM)
        supervisor.run(lambda: supervisor.values("STOPPING") == ["1"])
        assert supervisor.values("READY") == []


def test_a_watchdog_that_is_missed_brings_a_new_process(tmp_path, config):
    with Supervisor(tmp_path, command(config), watchdog_s=1.5) as supervisor:
        supervisor.run(lambda: len(supervisor.values("WATCHDOG")) >= 8)
        assert supervisor.missed == 0
        (tmp_path / "stall").touch()
        supervisor.run(lambda: supervisor.missed == 1)
        (tmp_path / "stall").unlink()
        supervisor.run(lambda: len(supervisor.values("READY")) == 2)
        fed = len(supervisor.values("WATCHDOG"))
        supervisor.run(lambda: len(supervisor.values("WATCHDOG")) > fed + 2)
        assert (supervisor.starts, supervisor.missed) == (2, 1)


def test_reload_reads_the_configuration_and_the_database_again(tmp_path, config, tiny_database):
    with Supervisor(tmp_path, command(config), watchdog_s=3.0) as supervisor:
        supervisor.run(lambda: bool(supervisor.values("READY")))
        three = dict(list(tiny_database.cards.items())[:3])
        write_tiny_database(tmp_path / "smaller", tiny_database.model, three)
        assert read_database_manifest(tmp_path / "smaller" / "manifest.json").cards == 3
        text = config.read_text()
        config.write_text(text.replace(str(tiny_database.database), str(tmp_path / "smaller")))
        supervisor.process.send_signal(signal.SIGHUP)
        supervisor.run(lambda: len(supervisor.values("READY")) == 2)
        assert int(supervisor.values("MONOTONIC_USEC")[0]) > 0
        assert supervisor.values("RELOADING") == ["1"]
        supervisor.run(lambda: "database smaller (3 cards)" in supervisor.values("STATUS")[-1])
        config.write_text(text.replace("loop = true", "loop = false"))
        supervisor.process.send_signal(signal.SIGHUP)
        supervisor.run(lambda: "not reloaded: source.loop: cannot be changed" in supervisor.values("STATUS")[-1])
        assert "database smaller (3 cards)" in supervisor.values("STATUS")[-1]
        assert (supervisor.starts, supervisor.missed) == (1, 0)
