"""A recording as it was asked for: so many frames a second, for so long, and never more than the disk has room for."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from edge.frame import Frame
from edge.health import Clock
from edge.recording.format import RecordingHeader
from edge.recording.writing import RecordingWriter
from edge.wire.commands import RecordRequest
from edge.wire.encoding import Message

# As much as a power cut may cost.
_SYNC_NS = 1_000_000_000
# So much of the time between two frames one may come early, as those of cameras do.
_EARLY = 0.25
# What a recording leaves free, for the log of scans and the system.
RESERVE_BYTES = 500_000_000


class BoundedRecording:
    """One recording. Frames are offered by one thread and written by another.

    Attributes:
        path: of the file.
        left_out: frames that were due and came too fast for the disk.
        reason: why it ends; None while it goes on.
    """

    def __init__(self, path: Path, request: RecordRequest, header: RecordingHeader, clock: Clock) -> None:
        """Begin the file.

        Raises:
            ConfigurationError: if it is there already, or cannot be written.
        """
        self.path = path
        self.left_out = 0
        self.reason: str | None = None
        self._request = request
        self._clock = clock
        self._writer = RecordingWriter(path, header)
        self._started_ns = self._synced_ns = clock()
        self._first_ns: int | None = None
        self._slot = -1

    @property
    def frames(self) -> int:
        """Frames that are in it."""
        return self._writer.frames

    @property
    def size_mb(self) -> float:
        """Of the file, in units of 1e6 bytes."""
        return self._writer.size_bytes / 1e6

    def wants(self, frame: Frame) -> bool:
        """Whether this frame is due at the rate that was asked for."""
        self._first_ns = frame.timestamp_ns if self._first_ns is None else self._first_ns
        slot = int((frame.timestamp_ns - self._first_ns) * self._request.fps / 1e9 + _EARLY)
        due, self._slot = slot > self._slot, max(slot, self._slot)
        return due and self.reason is None

    def write(self, frames: Sequence[tuple[Frame, int]], messages: Sequence[Message]) -> None:
        """Write frames, with their capture times since 1970, and what was published; ends where a bound is reached.

        Raises:
            OSError: if that fails.
        """
        for frame, captured_ns in frames:
            reached = self._bound_reached()
            if reached is not None:
                self.reason = self.reason or reached
                break
            self._writer.add_frame(frame, captured_ns)
        if messages:
            self._writer.add_messages(messages)
        if self._clock() - self._synced_ns >= _SYNC_NS:
            self._synced_ns = self._clock()
            self._writer.sync()
        if self._clock() - self._started_ns >= 1e9 * self._request.seconds:
            self.reason = self.reason or f"{self._request.seconds:g} s are recorded"

    def finish(self) -> None:
        """Say in the file why it ends.

        Raises:
            OSError: if that fails.
        """
        self._writer.finish(self.reason or "", self.left_out)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._writer.close()

    def _bound_reached(self) -> str | None:
        if self._writer.size_bytes >= 1e6 * self._request.max_mb:
            return f"it has reached {self._request.max_mb} MB"
        if shutil.disk_usage(self.path.parent).free < RESERVE_BYTES:
            return "the disk is nearly full"
        return None
