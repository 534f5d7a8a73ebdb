"""The simulated bench as a source of frames: rendered by a process of its own, delivered like a camera's.

Only pixels cross to this side; what is true about them stays in the renderer.
"""

import os
import select
import subprocess
import sys
import threading
import time

# What the renderer needs and may be missing: said here, where it is one sentence.
import edge.simulator.fonts  # noqa: F401
from edge.errors import ConfigurationError, SourceError
from edge.frame import Frame
from edge.settings.sections import SourceSettings
from edge.sources.ring import FrameRing, RingLayout, anonymous_memory

FRAME_SIZE = (1280, 1280)
SCENARIOS = ("demo", "resting", "turnover")
SILENCE_S = 20.0
_POLL_S = 0.2


class DemoSource:
    """A live source: `demo`, or `demo:resting` (one card that lies still), or `demo:turnover` (a new card a second).

    Not safe for several readers; `close` may be called from another thread and more than once.
    """

    name = "demo"
    live = True
    stills = False
    gives_boxes = False

    def __init__(self, settings: SourceSettings, size: tuple[int, int] = FRAME_SIZE) -> None:
        """Start the renderer.

        Args:
            settings: scenario (`spec`), frame rate and seed.
            size: width and height of a frame, pixels.

        Raises:
            ConfigurationError: if the scenario is not known.
            SourceError: if the renderer cannot be started.
        """
        layout = RingLayout(width=size[0], height=size[1])
        scenario = _scenario(settings.spec)
        memory = anonymous_memory(layout)
        self._ring = FrameRing(layout, memory)
        self._pipe, writer = os.pipe()
        try:
            self._process = _start_renderer(settings, scenario, layout, (memory, writer))
        except OSError as cause:
            os.close(self._pipe)
            self._ring.close()
            raise SourceError(f"the simulated bench cannot be started: {cause}") from cause
        finally:
            os.close(memory)
            os.close(writer)
        self._last_id = -1
        self._closed = False
        self._in_use = threading.Lock()

    def read(self) -> Frame | None:
        """Wait for a frame that was not yet read; None once the source is closed.

        Raises:
            SourceError: if the renderer has died or is silent.
        """
        deadline = time.monotonic() + SILENCE_S
        while not self._closed:
            frame = self._next()
            if frame is not None:
                self._last_id = frame.frame_id
                return frame
            if time.monotonic() > deadline:
                raise SourceError(f"the simulated bench has shown nothing for {SILENCE_S:.0f} s; start it again")
        return None

    def close(self) -> None:
        """End the renderer and free the memory."""
        if self._closed:
            return
        self._closed = True
        with self._in_use:
            self._end_renderer()
            os.close(self._pipe)
            self._ring.close()

    def _next(self) -> Frame | None:
        """The newest frame that was not yet read; None when the renderer made no sign for a while."""
        with self._in_use:
            if self._closed:
                return None
            frame = self._ring.newest(self._last_id)
            if frame is None:
                self._wait()
            return frame

    def _end_renderer(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _wait(self) -> None:
        """Wait for the renderer's sign that there is a new frame."""
        readable, _, _ = select.select([self._pipe], [], [], _POLL_S)
        if readable and not os.read(self._pipe, 4096):
            raise SourceError(f"the simulated bench has died ({self._reason()}); start the scanner again")

    def _reason(self) -> str:
        code = self._process.wait()
        said = self._process.stderr.read().decode(errors="replace").strip() if self._process.stderr else ""
        return said.splitlines()[-1] if said else f"exit status {code}"


def _scenario(spec: str) -> str:
    _, _, scenario = spec.partition(":")
    if scenario and scenario not in SCENARIOS:
        raise ConfigurationError(f"source {spec!r}: the simulated bench can play {', '.join(SCENARIOS)}")
    return scenario or SCENARIOS[0]


def _start_renderer(
    settings: SourceSettings, scenario: str, layout: RingLayout, descriptors: tuple[int, int]
) -> subprocess.Popen[bytes]:
    memory, writer = descriptors
    arguments = {
        "memory": memory,
        "pipe": writer,
        "width": layout.width,
        "height": layout.height,
        "seed": settings.seed,
        "fps": settings.fps,
        "scenario": scenario,
    }
    command = [sys.executable, "-m", "edge.sources.demo_renderer"]
    command += [f"--{name}={value}" for name, value in arguments.items()]
    return subprocess.Popen(  # noqa: S603
        command, pass_fds=descriptors, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
