"""A camera in a process of its own, delivered like one in this process.

libcamera's Python binding keeps the interpreter's lock while a camera starts and stops, and the kernel uploads a
sensor's network meanwhile, for minutes: in this process nothing else would run. Pixels cross in shared memory.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from multiprocessing.connection import Connection

from edge import errors
from edge.errors import SourceError
from edge.frame import Frame
from edge.settings.patience import CAMERA_S
from edge.settings.settings import Settings
from edge.sources import open_source
from edge.sources.base import FrameSource
from edge.sources.camera_process import Failed, Message, Opened, Said, Seen, State
from edge.sources.ring import SLOTS, FrameRing, RingLayout, anonymous_memory

# chosen: how long opening is waited for, so that what is missing is said at once; an upload goes on meanwhile.
FIRST_WAIT_S = 5.0
# chosen: a network's first upload takes minutes.
LONGEST_OPENING_S = 600.0
# chosen: a camera that is stopped in order is released at once; one that hangs has to be left to the kernel.
_CLOSING_S = 1.0


class SourceApart:
    """A `picamera` or `imx500` source in a process of its own. Read by one thread; `close` may come from another."""

    live = True
    stills = False

    def __init__(self, settings: Settings, first_wait_s: float = FIRST_WAIT_S) -> None:
        """Start the process; returns once the camera streams, or is still being opened after `first_wait_s`.

        Raises:
            ScannerError: if it cannot be opened, as the source itself says it.
        """
        self.name = settings.source.spec
        self.gives_boxes = self.name == "imx500"
        layout = RingLayout(width=settings.camera.width, height=settings.camera.height)
        memory = anonymous_memory(layout)
        self._ring = FrameRing(layout, memory)
        reader, writer = os.pipe()
        try:
            self._process = _started(settings, layout, (memory, writer))
        finally:
            os.close(memory)
            os.close(writer)
        self._changed = threading.Condition()
        self._is_open = self._closed = False
        self._state = State(recoveries={}, degraded=())
        self._failure: Failed | None = None
        self._seen: OrderedDict[int, Seen] = OrderedDict()
        self._last_id = -1
        self._since_s = time.monotonic()
        self._listener = threading.Thread(target=self._listen, args=(Connection(reader),), name="camera", daemon=True)
        self._listener.start()
        try:
            self.opened(first_wait_s)
        except errors.ScannerError:
            self.close()
            raise

    @property
    def opening(self) -> bool:
        """Whether the camera is still being opened."""
        return not self._is_open

    def opened(self, timeout_s: float) -> bool:
        """Wait for the camera to stream; whether it does.

        Raises:
            ScannerError: if it cannot be opened, as the source itself says it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._failure is not None or self._closed, timeout_s)
            self._raise_failure()
            if self.opening and time.monotonic() - self._since_s > LONGEST_OPENING_S:
                raise SourceError(f"the camera has not been opened for {LONGEST_OPENING_S:.0f} s; is its cable seated?")
            return self._is_open

    def read(self) -> Frame | None:
        """Wait for a frame that was not yet read; None once the source is closed.

        Raises:
            ScannerError: if the camera has failed, as the source itself says it.
            SourceError: if its process has died or is silent.
        """
        deadline_s = time.monotonic() + CAMERA_S
        with self._changed:
            while not self._closed:
                frame = self._next()
                if frame is not None:
                    return frame
                self._raise_failure()
                if time.monotonic() > deadline_s:
                    raise SourceError(f"the camera's process has said nothing for {CAMERA_S:.0f} s")
                self._changed.wait(max(0.0, deadline_s - time.monotonic()))
        return None

    @property
    def recoveries(self) -> dict[str, int]:
        """What was done to bring the camera back -> how often."""
        return self._state.recoveries

    def degraded(self) -> tuple[str, ...]:
        """What works less well than it should."""
        if not self.opening:
            return self._state.degraded
        return (f"the camera is being opened for {time.monotonic() - self._since_s:.0f} s; a network's first upload "
                "to the sensor takes minutes",)  # fmt: skip

    def close(self) -> None:
        """End the process, and free the memory. Safe to call twice."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._ring.close()

    def _next(self) -> Frame | None:
        """The newest frame that was not yet read, once all that belongs to it has come."""
        pixels = self._ring.newest(self._last_id)
        seen = None if pixels is None else self._seen.get(pixels.frame_id)
        if pixels is None or seen is None:
            return None
        self._last_id = pixels.frame_id
        return replace(pixels, boxes=seen.boxes, outlines=seen.outlines, stretch=seen.stretch, exposure=seen.exposure)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise getattr(errors, self._failure.error)(self._failure.sentence)

    def _listen(self, pipe: Connection) -> None:
        """Take in what the process says, until its end."""
        with pipe:
            while True:
                try:
                    message: Message = pipe.recv()
                except (EOFError, OSError):
                    message = Failed(error="SourceError", sentence=f"the camera's process has ended ({self._end()})")
                with self._changed:
                    self._take(message)
                    self._changed.notify_all()
                if isinstance(message, Failed):
                    return

    def _take(self, message: Message) -> None:
        match message:
            case Opened():
                self._is_open = True
            case Failed():
                self._failure = message
            case State():
                self._state = message
            case Said():
                logging.getLogger(message.logger).log(message.level, "%s", message.sentence)
            case Seen():
                self._seen[message.frame_id] = message
                while len(self._seen) > SLOTS:
                    self._seen.popitem(last=False)

    def _end(self) -> str:
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit status {code}"


def _started(settings: Settings, layout: RingLayout, descriptors: tuple[int, int]) -> subprocess.Popen[bytes]:
    memory, writer = descriptors
    arguments = {"memory": memory, "pipe": writer, "width": layout.width, "height": layout.height}
    command = [sys.executable, "-m", "edge.sources.camera_process"]
    command += [f"--{name}={value}" for name, value in arguments.items()]
    process = subprocess.Popen(command, pass_fds=descriptors, stdin=subprocess.PIPE)  # noqa: S603
    if process.stdin is not None:
        process.stdin.write(settings.model_dump_json().encode() + b"\n")
        process.stdin.flush()
    return process


def open_for_daemon(settings: Settings) -> FrameSource:
    """Open the source that the settings name; one whose library can freeze the interpreter, in a process of its own.

    Raises:
        ScannerError: if it cannot be opened.
    """
    if settings.source.spec in ("picamera", "imx500"):
        return SourceApart(settings)
    return open_source(settings.source, settings.camera, settings.imx500)
