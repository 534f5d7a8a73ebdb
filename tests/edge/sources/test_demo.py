import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, SourceError
from edge.settings.sections import SourceSettings
from edge.simulator.bench import Bench
from edge.simulator.script import Scenario
from edge.sources.demo import DemoSource
from edge.sources.ring import SLOTS, FrameRing, RingLayout, anonymous_memory

SIZE = (320, 240)


def renderers(of: int | None = None) -> set[int]:
    """Process ids of the renderers that a process started: this test's unless another is given."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = f"PPid:\t{of or os.getpid()}\n" in status.read_text()
            command = (status.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent and b"demo_renderer" in command:
            found.add(int(status.parent.name))
    return found


@pytest.fixture
def source() -> Iterator[DemoSource]:
    opened = DemoSource(SourceSettings(spec="demo:resting", fps=60, seed=5), SIZE)
    yield opened
    opened.close()


def test_frames_arrive_in_order_at_the_rate_asked_for(source: DemoSource) -> None:
    frames = [source.read() for _ in range(30)]
    read = [frame for frame in frames if frame is not None]
    assert len(read) == 30
    numbers = np.array([frame.frame_id for frame in read])
    times_s = np.array([frame.timestamp_ns for frame in read]) / 1e9
    assert (np.diff(numbers) >= 1).all()
    assert (np.diff(times_s) > 0).all()
    assert (times_s[-1] - times_s[0]) / (numbers[-1] - numbers[0]) == pytest.approx(1 / 60, rel=0.2)
    assert read[-1].timestamp_ns <= time.monotonic_ns()


def test_frames_are_those_of_the_bench_and_stay_as_they_are(source: DemoSource) -> None:
    first = source.read()
    assert first is not None
    before = first.image.copy()
    for _ in range(3 * SLOTS):
        source.read()
    assert np.array_equal(first.image, before)
    bench = Bench(seed=5, size=SIZE, fps=60, scenario=Scenario.RESTING)
    assert np.array_equal(bench.frame(first.frame_id)[0], before)


def test_a_slow_reader_gets_the_newest_frame(source: DemoSource) -> None:
    first = source.read()
    time.sleep(0.5)
    second = source.read()
    assert first is not None
    assert second is not None
    assert second.frame_id - first.frame_id > 15
    assert time.monotonic_ns() - second.timestamp_ns < 0.2e9


def test_closing_leaves_nothing_behind() -> None:
    shared = set(Path("/dev/shm").iterdir())
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    source = DemoSource(SourceSettings(), SIZE)
    assert source.read() is not None
    assert renderers()
    source.close()
    source.close()
    assert source.read() is None
    assert not renderers()
    assert set(Path("/dev/shm").iterdir()) <= shared
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_closing_from_another_thread_ends_a_waiting_reader() -> None:
    source = DemoSource(SourceSettings(), SIZE)
    closer = threading.Timer(0.1, source.close)
    closer.start()
    while source.read() is not None:
        pass
    closer.join(timeout=5)
    assert not closer.is_alive()
    assert not renderers()


def test_a_dead_renderer_is_said(source: DemoSource) -> None:
    assert source.read() is not None
    (child,) = renderers()
    os.kill(child, signal.SIGKILL)
    with pytest.raises(SourceError, match="has died"):
        for _ in range(5):
            source.read()


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="resting"):
        DemoSource(SourceSettings(spec="demo:sleeping"), SIZE)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_the_renderer_ends_with_its_parent(end: signal.Signals) -> None:
    script = (
        "from edge.settings.sections import SourceSettings\n"
        "from edge.sources.demo import DemoSource\n"
        "source = DemoSource(SourceSettings(), (320, 240))\n"
        "source.read()\n"
        "print('shown', flush=True)\n"
        "while True: source.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        assert parent.stdout.readline() == b"shown\n"
        (child,) = renderers(parent.pid)
        parent.send_signal(end)
        parent.wait(timeout=5)
        said = parent.stderr.read().decode()
    assert "resource_tracker" not in said
    deadline = time.monotonic() + 3
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_ring_gives_only_whole_new_frames() -> None:
    layout = RingLayout(width=4, height=2)
    memory = anonymous_memory(layout)
    writer, reader = FrameRing(layout, memory), FrameRing(layout, memory)
    os.close(memory)
    assert reader.newest(-1) is None
    for number in range(2 * SLOTS + 1):
        writer.next_slot()[:] = number
        assert (frame.frame_id if (frame := reader.newest(-1)) else None) == (number - 1 if number else None)
        writer.publish(number, 1000 + number)
        frame = reader.newest(number - 1)
        assert frame is not None
        assert (frame.frame_id, frame.timestamp_ns) == (number, 1000 + number)
        assert (frame.image == number).all()
        assert reader.newest(number) is None
    reader.close()
