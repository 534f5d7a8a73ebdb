"""A camera in a process of its own, with stand-ins for picamera2 that hold the interpreter's lock as it does."""

import json
import logging
import os
import shutil
import signal
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge.errors import SourceError, SourceLostError
from edge.frame import OutlineMaps
from edge.settings.settings import Settings
from edge.shipped import MODELS
from edge.sources.apart import SourceApart, open_for_daemon

pytestmark = pytest.mark.e2e
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def camera(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", f"{REPOSITORY / 'tests/hardware/camera_apart'}:{REPOSITORY}")
    network = tmp_path / "outline.rpk"
    network.write_bytes(b"network")
    shutil.copy(MODELS / "outline-imx500.json", tmp_path / "outline.json")
    made = []

    def opened(spec: str = "picamera", first_wait_s: float = 60.0, **asked) -> SourceApart:
        monkeypatch.setenv("CAMERA_STAND_IN", json.dumps(asked))
        settings = Settings.model_validate(
            {
                "source": {"spec": spec, "fps": 50},
                "camera": {"width": 96, "height": 64, "stall_frames": 5},
                "imx500": {"network": str(network)},
            }
        )
        made.append(SourceApart(settings, first_wait_s))
        return made[-1]

    yield opened
    for each in made:
        each.close()


def pid_of(source: SourceApart) -> int:
    return source._process.pid  # noqa: SLF001


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_frames_come_over_with_their_pixels(camera):
    source = camera()
    frames = [source.read() for _ in range(10)]
    assert all(later.frame_id > frame.frame_id for frame, later in pairwise(frames))
    for frame in frames:
        assert frame.image.shape == (64, 96, 3)
        assert len(np.unique(frame.image)) == 1
        assert abs(time.monotonic_ns() - frame.timestamp_ns) < 60e9
    assert (source.name, source.live, source.gives_boxes, source.opening) == ("picamera", True, False, False)
    source.close()
    assert source.read() is None
    assert gone(pid_of(source))
    source.close()


def test_what_the_sensors_network_says_comes_with_its_frame(camera):
    source = camera("imx500")
    frame = source.read()
    assert isinstance(frame.outlines, OutlineMaps)
    assert (frame.outlines.logits.shape, frame.outlines.region) == ((40, 40), (0, 0, 96, 64))
    assert source.gives_boxes


def test_a_camera_that_cannot_be_opened_says_so_at_once(camera):
    with pytest.raises(SourceError, match="there is no camera number 0"):
        camera(cameras=0)


def test_a_start_that_holds_the_lock_for_a_minute_holds_nothing_here(camera):
    begun = time.monotonic()
    source = camera(start_s=60.0, first_wait_s=0.5)
    assert source.opening
    assert not source.opened(0.1)
    assert "is being opened" in source.degraded()[0]
    source.close()
    assert gone(pid_of(source))
    assert time.monotonic() - begun < 30


def test_a_start_that_takes_longer_than_is_waited_for_ends_well(camera):
    source = camera(start_s=1.0, first_wait_s=0.0)
    while source.opening:
        source.opened(0.1)
    assert source.read() is not None
    assert source.degraded() == ()


def test_a_process_that_dies_is_told(camera):
    source = camera()
    source.read()
    os.kill(pid_of(source), signal.SIGKILL)
    with pytest.raises(SourceError, match="the camera's process has ended \\(signal 9\\)"):
        while True:
            source.read()


@pytest.mark.long
def test_a_camera_that_stalls_is_told_and_logged(camera, caplog):
    caplog.set_level(logging.WARNING)
    source = camera(frames=3)
    with pytest.raises(SourceLostError, match="rebuilt 2 times"):
        while True:
            source.read()
    assert source.recoveries == {"requeued": 1, "rebuilt": 2}
    assert "no picture for" in caplog.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_to_the_service_are_the_parents(camera, number):
    source = camera()
    source.read()
    os.kill(pid_of(source), number)
    for _ in range(5):
        assert source.read() is not None


def test_other_sources_stay_in_the_process(tmp_path):
    with pytest.raises(SourceError):
        open_for_daemon(Settings.model_validate({"source": {"spec": f"images:{tmp_path / 'none'}"}}))
