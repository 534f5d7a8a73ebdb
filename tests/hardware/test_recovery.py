"""A camera that hangs for good: whatever the phase, the scanner says so itself before the watchdog ends it."""

import logging
import socket
import threading
from itertools import pairwise

import numpy as np
import pytest

from edge.errors import ConfigurationError, SourceLostError, WorkerError
from edge.service.notify import ServiceManager
from edge.service.unit import Service
from edge.service.workers import Supervisor, Worker
from edge.settings.patience import CAMERA_S, FEED_S, STALL_LIMIT_S, WATCHDOG_S
from edge.settings.sections import CameraSettings, SourceSettings
from edge.settings.settings import Settings
from edge.sources.camera_feed import CameraFeed
from edge.sources.camera_session import CameraSession, open_camera
from edge.sources.imx500 import SETTLE_S
from edge.sources.picamera import open_picamera
from edge.sources.recovery import ladder_s, stall_s

OPENING_S = 2.0
CHECK_S = 0.1
# The default, the slowest rates at which that many frames may be waited for, and the fewest at less than 1 frame/s.
CAMERAS = [
    (CameraSettings(), 30.0, SETTLE_S),
    (CameraSettings(), 30.0, 0.0),
    (CameraSettings(min_fps=4.7), 30.0, SETTLE_S),
    (CameraSettings(min_fps=2.4), 30.0, 0.0),
    (CameraSettings(min_fps=0.8, stall_frames=5), 30.0, SETTLE_S),
]


class OnBenchClock(threading.Event):
    """Waits on the bench's clock."""

    def __init__(self, bench):
        super().__init__()
        self._bench = bench

    def wait(self, timeout=None):
        self._bench.now_s += timeout
        return self.is_set()


def silence_until_given_up_s(bench, camera, fps, settle_s) -> float:
    """From the last picture until the feed says that the camera is lost; opening it takes its time, too."""

    def opening():
        bench.now_s += OPENING_S

    bench.on_start = opening
    feed = CameraFeed(
        lambda: CameraSession(open_camera(0), camera, fps),
        stall_s=stall_s(camera, fps, settle_s),
        stall_frames=camera.stall_frames,
        settle_s=settle_s,
        clock=bench.clock,
        closed=OnBenchClock(bench),
    )
    bench.show(np.zeros((48, 48, 3), np.uint8))
    assert feed.next() is not None
    begun_s = bench.now_s
    with pytest.raises(SourceLostError):
        feed.next()
    feed.close()
    return bench.now_s - begun_s


class Watchdog:
    """A service manager that knows when it was fed last, on a clock that the test moves."""

    def __init__(self, address):
        self.now_s = 0.0
        self.fed_s = 0.0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def close(self):
        self._socket.close()

    def clock(self) -> int:
        return round(1e9 * self.now_s)

    def hear(self):
        try:
            while True:
                if "WATCHDOG=1" in self._socket.recv(4096).decode():
                    self.fed_s = self.now_s
        except BlockingIOError:
            return


@pytest.mark.parametrize(("camera", "fps", "settle_s"), CAMERAS)
def test_the_ladder_is_as_long_as_is_reckoned(camera_bench, camera, fps, settle_s):
    silence_s = silence_until_given_up_s(camera_bench, camera, fps, settle_s)
    assert silence_s <= ladder_s(stall_s(camera, fps, settle_s), settle_s) <= CAMERA_S
    assert silence_s == pytest.approx(ladder_s(stall_s(camera, fps, settle_s), settle_s), abs=1.5)


@pytest.mark.parametrize("rate", [30.0, 0.8])
@pytest.mark.parametrize("settle_s", [0.0, SETTLE_S])
def test_in_every_phase_the_camera_or_the_supervisor_is_before_the_watchdog(camera_bench, tmp_path, rate, settle_s):
    camera = CameraSettings(min_fps=rate, stall_frames=30 if rate > 1 else 5)
    ladder = silence_until_given_up_s(camera_bench, camera, 30.0, settle_s)
    for phase in np.arange(0.0, 4 * FEED_S, 0.05):
        address = str(tmp_path / f"{phase:.2f}")
        watchdog = Watchdog(address)
        with ServiceManager(address, watchdog_s=WATCHDOG_S, clock=watchdog.clock) as manager:
            service = Service(manager, Settings, threading.Event())
            frames = np.arange(0.0, 30.0 + phase, 1 / rate)
            for check_s in np.arange(0.0, 30.0 + phase + CHECK_S, CHECK_S):
                watchdog.now_s = float(check_s)
                service.report(None, advanced=bool(np.any((frames > check_s - CHECK_S) & (frames <= check_s))))
                watchdog.hear()
        watchdog.close()
        last_frame_s = float(frames[-1])
        aborted_s = watchdog.fed_s + WATCHDOG_S
        assert last_frame_s + ladder + CHECK_S < aborted_s
        assert last_frame_s + STALL_LIMIT_S + 2 * CHECK_S < aborted_s
        assert ladder < STALL_LIMIT_S


def test_settings_that_leave_the_ladder_no_time_are_refused_before_the_camera_is_opened(camera_bench):
    with pytest.raises(ConfigurationError, match=r"camera\.stall_frames = 30 at 0\.9 .*12\.6 s are possible.*min_fps"):
        stall_s(CameraSettings(min_fps=0.9), 30.0)
    with pytest.raises(ConfigurationError, match=r"noticed after 33 s"):
        open_picamera(CameraSettings(min_fps=0.9), SourceSettings().fps)
    assert camera_bench.log == []


def test_who_acts_later_has_more_time():
    assert all(a < b for a, b in pairwise([CAMERA_S, STALL_LIMIT_S, WATCHDOG_S - FEED_S - 2 * CHECK_S]))


def test_a_camera_that_fails_slowly_again_and_again_ends_with_its_own_words():
    """Each read of a USB camera that hangs takes 10 s: six of them are more than the watchdog waits."""
    now_s, due_s = 0.0, 0.0
    begun, moved = threading.Event(), threading.Condition()

    def step():
        nonlocal due_s
        due_s = now_s + 10.0
        begun.set()
        with moved:
            moved.wait_for(lambda: now_s >= due_s, 5)
        raise OSError("the camera gives no more frames")

    worker = Worker("capture", step, threading.Event(), clock=lambda: round(1e9 * now_s))
    supervisor = Supervisor([worker])
    worker.start()
    with pytest.raises(
        WorkerError, match=r"^no new frame for 55 s; the capture thread.*the camera gives no more frames"
    ):
        while True:
            if worker.failure is None:
                assert begun.wait(5)
            with moved:
                now_s += CHECK_S
                moved.notify_all()
            if now_s >= due_s:
                worker.join(5)
                begun.clear()
            supervisor.check(now_s)
    with moved:
        now_s += 10.0
        moved.notify_all()
    worker.join(5)


def test_a_watchdog_that_is_shorter_is_told(tmp_path, caplog):
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "45000000"}
    with caplog.at_level(logging.WARNING), ServiceManager.from_environment(environment):
        assert "WatchdogSec is 45 s" in caplog.text
    caplog.clear()
    with ServiceManager.from_environment(environment | {"WATCHDOG_USEC": "60000000"}):
        assert caplog.text == ""
