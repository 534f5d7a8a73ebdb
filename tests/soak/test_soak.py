"""Hours of cards that come and go, as fast as the daemon takes frames: its memory must not grow.

The real process, from the source of frames to the sockets, with the demo model and database. What is not real: frames
are 512 x 512, most of them show a card that lies still (30 s a card), and no camera or accelerator is below.
"""

import csv
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import zmq

from edge.wire.messages import HealthMessage
from tests.edge.service.test_daemon import free_ports
from tests.soak.film import VISIT_FRAMES, draw_film

ROOT = Path(__file__).resolve().parents[2]
VISITS = 240
WARM_UP_FRAMES = 18_000  # ten minutes at 30 frames/s
WINDOW_FRAMES = 9_000  # five minutes
# Health is told once a second of the clock, in which the film shows some ten: as many windows together have as many
# readings as two minutes of a camera, so that what a single frame takes at the moment does not count.
WINDOWS_TOGETHER = 6
GROWTH_MB = 5.0
SILENCE_MS = 60_000

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]


class PlayedDaemon:
    """`tests.soak.played_daemon` as a process, with a subscriber to everything that it publishes."""

    def __init__(self, folder: Path, visits: int) -> None:
        draw_film(folder / "film", visits)
        endpoint, control = (f"tcp://127.0.0.1:{port}" for port in free_ports(2))
        (folder / "config.toml").write_text(f'[publish]\nendpoint = "{endpoint}"\ncontrol = "{control}"\n')
        command = [sys.executable, "-m", "tests.soak.played_daemon", str(folder / "film"), "run"]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(folder / "config.toml")], cwd=ROOT, stderr=log, env=dict(os.environ)
            )
        self.log = folder / "log"
        self.topics: Counter[str] = Counter()
        self._context = zmq.Context()
        self._subscriber = self._context.socket(zmq.SUB)
        self._subscriber.rcvhwm = 0
        self._subscriber.subscribe(b"")
        self._subscriber.connect(endpoint)

    def health(self) -> HealthMessage:
        """The next health message; what comes in between is counted."""
        while self._subscriber.poll(SILENCE_MS):
            topic, body = self._subscriber.recv_multipart()
            self.topics[topic.decode()] += 1
            if topic == b"health":
                return HealthMessage.model_validate_json(body)
        raise AssertionError(f"the daemon is silent; it said: {self.log.read_text()[-2000:]}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self._context.destroy(linger=0)


@pytest.fixture
def daemon(tmp_path, request):
    wanted = 1 + request.config.getoption("--soak-frames") // VISIT_FRAMES
    daemon = PlayedDaemon(tmp_path, min(VISITS, wanted))
    yield daemon
    daemon.close()


def test_memory_stays_within_bounds(daemon, request):
    frames = request.config.getoption("--soak-frames")
    windows: dict[int, list[float]] = {}
    begun_s, health = time.monotonic(), daemon.health()
    while health.frames_captured < frames:
        health = daemon.health()
        windows.setdefault(health.frames_captured // WINDOW_FRAMES, []).append(health.rss_mb)
    rows = [(WINDOW_FRAMES * at, sum(mb) / len(mb), max(mb)) for at, mb in windows.items()]
    _write(request.config.getoption("--soak-curve"), rows)
    print(f"\n{frames} frames in {time.monotonic() - begun_s:.0f} s: {dict(daemon.topics)}")  # noqa: T201
    visits = frames / VISIT_FRAMES
    assert daemon.process.poll() is None
    assert daemon.topics["card.confirmed"] > 0.5 * visits
    assert daemon.topics["card.left"] > 0.5 * visits
    assert health.status != "failed", health.degraded
    assert sum(thread.restarts for thread in health.threads.values()) == 0
    means = [mean_mb for at, mean_mb, _ in rows if WARM_UP_FRAMES <= at <= frames - WINDOW_FRAMES]
    settled = [sum(part) / WINDOWS_TOGETHER for part in zip(*[iter(means)] * WINDOWS_TOGETHER, strict=False)]
    least = WARM_UP_FRAMES + 2 * WINDOWS_TOGETHER * WINDOW_FRAMES
    assert len(settled) > 1, f"{frames} frames are too few to tell: give {least} or more"
    print("MB, each half hour:", *(f"{mb:.1f}" for mb in settled))  # noqa: T201
    assert max(settled) - settled[0] < GROWTH_MB, settled


def _write(path: str | None, rows: list[tuple[int, float, float]]) -> None:
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["frames", "rss_mean_mb", "rss_max_mb"])
            table.writerows((at, f"{mean_mb:.1f}", f"{max_mb:.1f}") for at, mean_mb, max_mb in rows)
