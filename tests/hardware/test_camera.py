import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from edge.errors import SourceError, SourceLostError, WorkerError
from edge.health import Degradable, Recovering
from edge.service.workers import Supervisor, Worker
from edge.settings.sections import CameraSettings
from edge.settings.settings import Settings
from edge.sources.camera_feed import CameraFeed
from edge.sources.camera_session import BUFFERS, CameraSession, camera_controls, open_camera
from edge.sources.imx500 import SETTLE_S
from edge.sources.picamera import PicameraSource, monotonic_ns, open_picamera
from tests.hardware.picamera_stand_in import ADVERTISED

PICTURE = np.arange(48 * 48 * 3, dtype=np.uint8).reshape(48, 48, 3)


def session(settings: CameraSettings | None = None) -> CameraSession:
    return CameraSession(open_camera(0), settings or CameraSettings(), 30.0)


def take(feed: CameraFeed) -> bool:
    """Take a picture that is of use."""
    taken = feed.next() is not None
    feed.usable()
    return taken


@pytest.fixture
def feed(camera_bench):
    made = []

    def make(**changes) -> CameraFeed:
        wanted = {"stall_s": 1.0, "stall_frames": 5, "clock": camera_bench.clock} | changes
        made.append(CameraFeed(session, **wanted))
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert camera_bench.outstanding == 0


def test_the_stream_is_asked_for_as_configured(camera_bench):
    session().close()
    asked = camera_bench.configuration
    assert asked["main"] == {"size": (1520, 1520), "format": "RGB888"}
    assert asked["raw"] == {"size": (2028, 1520)}
    assert asked["buffer_count"] == BUFFERS
    assert camera_bench.controls == {"FrameDurationLimits": (33333, 33333)}
    assert camera_bench.log == ["open 0", "start", "flush", "close"]


def test_exposure_gain_white_balance_and_rates_become_controls():
    settings = CameraSettings(exposure_us=8000, gain=2.5, red_gain=1.9, blue_gain=2.1, min_fps=15)
    assert camera_controls(settings, 30, ADVERTISED) == {
        "FrameDurationLimits": (33333, 66667),
        "ExposureTime": 8000,
        "AnalogueGain": 2.5,
        "AwbEnable": False,
        "ColourGains": (1.9, 2.1),
    }


def test_a_control_that_the_camera_lacks_is_named(camera_bench):
    del camera_bench.advertised["ColourGains"]
    with pytest.raises(SourceError, match="no control ColourGains"):
        session(CameraSettings(red_gain=1.0, blue_gain=1.0))
    assert camera_bench.log[-1] == "close"
    assert not any(name.startswith("Af") for name in camera_bench.controls)


@pytest.mark.parametrize("changes", [{"exposure_us": 10}, {"gain": 40.0}])
def test_a_value_out_of_range_is_refused_with_the_range(camera_bench, changes):
    with pytest.raises(SourceError, match=r"camera\.\w+ = .*: the camera takes .* to "):
        session(CameraSettings(**changes))


def test_settings_that_cannot_be_are_refused():
    for changes, named in (({"red_gain": 1.0}, "together"), ({"width": 1521}, "multiple"), ({"gain": 0.5}, "gain")):
        with pytest.raises(ValidationError, match=named):
            CameraSettings(**changes)
    with pytest.raises(ValidationError, match="fit in a frame, 33333 us at 30"):
        Settings(camera=CameraSettings(exposure_us=40_000))
    with pytest.raises(ValidationError, match="min_fps must not exceed"):
        Settings(camera=CameraSettings(min_fps=60))
    Settings(camera=CameraSettings(exposure_us=40_000, min_fps=20))


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        ({"cameras": 0}, "no camera number 0.*rpicam-hello --list-cameras"),
        (
            {"open_error": RuntimeError("Device or resource busy")},
            "resource busy.*group video",
        ),
        ({"start_error": RuntimeError("Unable to start camera")}, "cannot stream 1520 x 1520 at 30 frames/s"),
    ],
)
def test_a_camera_that_cannot_be_opened_is_explained(camera_bench, setup, said):
    for name, value in setup.items():
        setattr(camera_bench, name, value)
    with pytest.raises(SourceError, match=said):
        open_picamera(CameraSettings(), 30.0)
    assert camera_bench.log.count("close") == (1 if "start_error" in setup else 0)


def test_a_picamera2_built_for_another_numpy_is_explained(tmp_path, monkeypatch):
    (tmp_path / "picamera2.py").write_text('raise ValueError("numpy.dtype size changed, may indicate incompatibility")')
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SourceError, match="size changed.*use the system's numpy, not one from pip"):
        open_camera(0)


def test_a_rebuild_waits_until_the_sensor_is_off(camera_bench, feed):
    """The IMX500's driver powers it off 5 s after streaming stops; opened before then, it would lack its network."""
    assert SETTLE_S > 5
    camera = feed(settle_s=0.3)
    camera_bench.show(PICTURE, frames=2)
    assert camera.next() is not None
    begin_s = time.perf_counter()
    camera.rebuild("no output")
    assert time.perf_counter() - begin_s >= 0.3
    assert camera_bench.log[-3:] == ["close", "open 0", "start"]


def test_a_picture_is_copied_out_and_its_request_released(camera_bench):
    camera_bench.show(PICTURE, frames=3)
    camera = session()
    captures = [camera.capture(0.2) for _ in range(3)]
    np.testing.assert_array_equal(captures[0].image, PICTURE)
    assert [round((b.sensor_ns - a.sensor_ns) / 1e6) for a, b in pairwise(captures)] == [33, 33]
    assert camera_bench.outstanding == 0
    camera.close()


def test_a_request_is_released_though_it_cannot_be_read(camera_bench):
    camera_bench.show(PICTURE)
    camera_bench.array_error = RuntimeError("failed to find buffer")
    camera = session()
    with pytest.raises(SourceError, match="failed to find buffer"):
        camera.capture(0.2)
    assert camera_bench.outstanding == 0
    camera.close()


def test_a_request_that_is_late_is_waited_for_again_not_asked_twice(camera_bench):
    camera_bench.script.extend([0.2, 0.2, 0.2])
    camera_bench.show(PICTURE)
    camera = session()
    assert [camera.capture(0.2) for _ in range(3)] == [None] * 3
    assert camera_bench.jobs == 1
    assert camera.capture(0.2) is not None
    assert (camera_bench.jobs, camera_bench.outstanding) == (1, 0)
    camera.close()


def test_what_arrives_while_it_is_withdrawn_is_released(camera_bench):
    camera = session()
    assert camera.capture(0.2) is None
    camera_bench.late = (PICTURE, {})
    camera.requeue()
    assert (camera_bench.late, camera_bench.outstanding) == (None, 0)
    assert camera.capture(0.2) is None
    assert camera_bench.jobs == 2
    camera.close()


def test_a_picture_that_is_not_newer_is_not_fresh(camera_bench):
    camera_bench.show(PICTURE, frames=2, SensorTimestamp=5_000_000_000)
    camera = session()
    assert camera.capture(0.2) is not None
    assert camera.capture(0.2) is None
    assert camera_bench.outstanding == 0
    camera.close()


def test_frames_that_nobody_read_leave_a_gap(camera_bench, feed):
    camera = feed()
    ids = []
    for waited_s in (0, 0, 0.1, 0):
        camera_bench.now_s += waited_s
        camera_bench.show(PICTURE)
        camera.next()
        ids.append(camera.frame_id)
    assert ids == [0, 1, 5, 6]


def test_the_ladder_requeues_then_rebuilds_then_gives_up(camera_bench, feed):
    camera = feed(settle_s=0.01)
    camera_bench.show(PICTURE)
    assert camera.next() is not None
    started_s = camera_bench.now_s
    with pytest.raises(SourceLostError, match="re-queued 1, rebuilt 2 times.*only a new process"):
        camera.next()
    assert camera_bench.log == [
        "open 0", "start", "flush", "flush", "close", "open 0", "start", "flush", "close", "open 0", "start",
    ]  # fmt: skip
    assert camera.recoveries == {"requeued": 1, "rebuilt": 2}
    assert camera_bench.now_s - started_s == pytest.approx(1 + 1 + 10 + 10, abs=1.5)
    assert camera_bench.outstanding == 0


def test_a_short_stall_is_mended_by_asking_again(camera_bench, feed):
    camera = feed()
    camera_bench.show(PICTURE, frames=3)
    camera_bench.script.extend([0.2] * 5)
    camera_bench.show(PICTURE, frames=12)
    for _ in range(15):
        assert take(camera)
    assert camera_bench.log == ["open 0", "start", "flush"]
    assert "re-queued 1 and rebuilt 0 times" in camera.degraded()[0]
    camera_bench.now_s += 61
    assert camera.degraded() == ()


def test_every_stall_counts_from_the_bottom_once_the_camera_is_sound(camera_bench, feed):
    camera = feed()
    camera_bench.show(PICTURE)
    for _ in range(6):
        camera_bench.script.extend([0.2] * 5)
        camera_bench.show(PICTURE, frames=5)
    for _ in range(31):
        assert take(camera)
    assert camera_bench.log == ["open 0", "start"] + ["flush"] * 6


def test_stalls_in_quick_succession_climb(camera_bench, feed):
    camera = feed()
    camera_bench.show(PICTURE)
    for count in (5, 5, 50, 50):
        camera_bench.script.extend([0.2] * count)
        camera_bench.show(PICTURE, frames=2)
    with pytest.raises(SourceLostError):
        for _ in range(20):
            take(camera)


def test_a_camera_that_cannot_be_opened_again_leads_to_the_end(camera_bench, feed):
    camera = feed()
    camera_bench.show(PICTURE)
    camera.next()
    camera_bench.open_error = RuntimeError("unplugged")
    with pytest.raises(SourceLostError):
        camera.next()


def test_the_source_delivers_frames_on_the_monotonic_clock(camera_bench, monkeypatch):
    monkeypatch.setattr(time, "monotonic_ns", camera_bench.clock)
    camera_bench.show(PICTURE, frames=2)
    source = open_picamera(CameraSettings(), 30.0)
    assert isinstance(source, Degradable)
    assert isinstance(source, Recovering)
    assert source.recoveries == {"requeued": 0, "rebuilt": 0}
    assert (source.name, source.live, source.stills, source.gives_boxes) == ("picamera", True, False, False)
    frames = [source.read(), source.read()]
    assert [frame.frame_id for frame in frames] == [0, 1]
    assert frames[1].timestamp_ns - frames[0].timestamp_ns == pytest.approx(33.3e6, abs=1e5)
    assert frames[0].boxes is None
    assert source.degraded() == ()
    source.close()
    source.close()
    assert source.read() is None


def test_a_frame_is_never_from_the_future(camera_bench):
    camera_bench.show(PICTURE)
    camera = session()
    capture = camera.capture(0.2)
    assert monotonic_ns(capture, lambda: capture.sensor_ns + 5) == capture.sensor_ns
    assert monotonic_ns(capture, lambda: capture.sensor_ns - 5) == capture.sensor_ns - 5
    camera.close()


def test_closing_from_another_thread_ends_a_read_that_waits(camera_bench):
    camera_bench.script.clear()
    feed = CameraFeed(session, stall_s=1e6, stall_frames=5)
    source = PicameraSource(feed)
    read = []
    thread = threading.Thread(target=lambda: read.append(source.read()))
    thread.start()
    source.close()
    thread.join(5)
    assert read == [None]
    assert camera_bench.log[-1] == "close"


def test_a_lost_camera_ends_the_process_at_once():
    stop = threading.Event()
    worker = Worker("capture", lambda: (_ for _ in ()).throw(SourceLostError("the camera does not come back")), stop)
    worker.start()
    worker.join(5)
    with pytest.raises(WorkerError, match="does not come back"):
        Supervisor([worker]).check()
    assert worker.restarts == 0
