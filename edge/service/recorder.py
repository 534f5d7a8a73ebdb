"""Records what the scanner sees and says while somebody has asked for it.

The threads that see and say only hand over; a thread of its own writes. What it cannot write in time is left out of the
recording and counted: the scanner waits for no disk.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from edge.detection import with_boxes
from edge.errors import ConfigurationError
from edge.frame import Frame
from edge.health import Clock
from edge.recording.bounded import BoundedRecording
from edge.recording.format import RecordingHeader
from edge.wire.commands import NothingMore, RecordingReply, RecordRequest
from edge.wire.encoding import Message

_SUFFIX = ".tar"
# Frames of some 5 MB that wait to be written; while a disk pauses for longer than they last, frames are left out.
_WAITING_FRAMES = 4
# Some kB each: a second of a hundred cards that all move.
_WAITING_MESSAGES = 4096
_POLL_S = 0.1

_log = logging.getLogger(__name__)


class Recorder:
    """One recording at a time. Asking and handing over is safe from any thread; `step` and `close` are for one."""

    def __init__(
        self,
        folder: Path,
        header: Callable[[float], RecordingHeader],
        captured_ns: Callable[[int], int],
        *,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        """Record nothing yet.

        Args:
            folder: of recordings.
            header: of a recording that begins now, of so many frames a second.
            captured_ns: monotonic capture time -> the same since 1970.
            clock: for its length.
        """
        self._folder = folder
        self._header = header
        self._captured_ns = captured_ns
        self._clock = clock
        self._handed = threading.Condition()
        self._frames: deque[tuple[Frame, int]] = deque()
        self._messages: deque[Message] = deque(maxlen=_WAITING_MESSAGES)
        self._recording: BoundedRecording | None = None
        self._newest: RecordingReply | None = None

    def record(self, request: RecordRequest) -> RecordingReply:
        """Begin a recording.

        Raises:
            ConfigurationError: if one is going on, or its file cannot be written.
        """
        with self._handed:
            if self._recording is not None:
                raise ConfigurationError(f"{self._recording.path} is being recorded; end that one first, or wait")
            path = _new_file(self._folder, request.path)
            recording = BoundedRecording(path, request, self._header(request.fps), self._clock)
            self._frames.clear()
            self._messages.clear()
            self._recording = recording
            return _told(recording)

    def recording(self, _request: NothingMore) -> RecordingReply:
        """How far the recording is, or how the newest one ended.

        Raises:
            ConfigurationError: if there was none.
        """
        with self._handed:
            told = self._newest if self._recording is None else _told(self._recording)
            if told is None:
                raise ConfigurationError("nothing was recorded since the scanner was started")
            return told

    def end_recording(self, _request: NothingMore) -> RecordingReply:
        """End the recording with what was handed over up to now.

        Raises:
            ConfigurationError: if there is none.
        """
        with self._handed:
            if self._recording is None:
                raise ConfigurationError("nothing is being recorded")
            self._recording.reason = self._recording.reason or "it was ended"
            self._handed.notify()
            return _told(self._recording)

    def saw(self, frame: Frame) -> None:
        """Hand over a frame that was looked at."""
        if self._recording is None:
            return
        captured_ns = self._captured_ns(frame.timestamp_ns)
        with self._handed:
            if self._recording is None or not self._recording.wants(frame):
                return
            if len(self._frames) == _WAITING_FRAMES:
                self._recording.left_out += 1
                return
            self._frames.append((frame, captured_ns))
            self._handed.notify()

    def said(self, messages: Sequence[Message]) -> None:
        """Hand over what was published."""
        if self._recording is None:
            return
        with self._handed:
            self._messages.extend(messages)

    def step(self) -> bool:
        """Write what was handed over."""
        with self._handed:
            self._handed.wait_for(self._something_to_do, _POLL_S)
            recording, frames, messages = self._recording, list(self._frames), list(self._messages)
            self._frames.clear()
            self._messages.clear()
        if recording is not None:
            self._write(recording, frames, messages)
        return True

    def close(self) -> None:
        """End the recording, if there is one. Safe to call twice."""
        with self._handed:
            if self._recording is not None:
                self._recording.reason = self._recording.reason or "the scanner ended"
        self.step()

    def _something_to_do(self) -> bool:
        return bool(self._frames) or (self._recording is not None and self._recording.reason is not None)

    def _write(
        self, recording: BoundedRecording, frames: Sequence[tuple[Frame, int]], messages: Sequence[Message]
    ) -> None:
        """Whatever fails there ends the recording, which is said; scanning goes on."""
        try:
            recording.write([(with_boxes(frame), captured_ns) for frame, captured_ns in frames], messages)
            if recording.reason is not None:
                recording.finish()
        except OSError as cause:
            _log.warning("the recording %s ends here: %s", recording.path, cause.strerror)
            recording.reason = f"it could not be written: {cause.strerror}"
        if recording.reason is not None:
            recording.close()
            with self._handed:
                self._newest = _told(recording).model_copy(update={"ended": recording.reason})
                self._recording = None


def _told(recording: BoundedRecording) -> RecordingReply:
    return RecordingReply(
        path=str(recording.path), frames=recording.frames, left_out=recording.left_out, size_mb=recording.size_mb
    )


def _new_file(folder: Path, asked: Path | None) -> Path:
    if asked is None:
        return folder / f"recording-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{_SUFFIX}"
    target = folder / asked
    if asked.suffix.lower() != _SUFFIX:
        raise ConfigurationError(f"path: {asked} must end in {_SUFFIX}")
    if target.parent != folder or not asked.name.isprintable():
        raise ConfigurationError(
            f"path: {asked} is not in the folder of recordings, {folder}; give a file's name alone"
        )
    return target
