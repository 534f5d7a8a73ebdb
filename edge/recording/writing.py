"""Writes a recording: whole after each frame, so that what a power cut leaves can be played."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from edge.errors import ConfigurationError
from edge.frame import Frame
from edge.recording.archive import END as END_OF_ARCHIVE
from edge.recording.archive import member
from edge.recording.format import (
    END,
    FRAMES,
    HEADER,
    MESSAGES,
    RecordedExposure,
    RecordedFrame,
    RecordingEnd,
    RecordingHeader,
)
from edge.recording.pictures import encode_picture
from edge.wire.encoding import Message, encode

_MODE = 0o640


class RecordingWriter:
    """One new file. Used by one thread at a time.

    Attributes:
        frames: that are in it.
        size_bytes: of the file.
    """

    def __init__(self, path: Path, header: RecordingHeader) -> None:
        """Begin the file; its folder is made, too.

        Raises:
            ConfigurationError: if it is there already, or cannot be written.
        """
        self.frames = 0
        self.size_bytes = 0
        self._parts = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._file = os.fdopen(os.open(path, flags, _MODE), "wb", buffering=0)
        except FileExistsError as cause:
            raise ConfigurationError(f"{path} exists already; give another name") from cause
        except OSError as cause:
            raise ConfigurationError(f"{path} cannot be written: {cause.strerror}") from cause
        try:
            self._write(HEADER, header.model_dump_json().encode())
        except OSError as cause:
            self._file.close()
            raise ConfigurationError(f"{path} cannot be written: {cause.strerror}") from cause

    def add_frame(self, frame: Frame, captured_ns: int) -> None:
        """Take in a frame, captured at that time since 1970.

        Raises:
            OSError: if it cannot be written.
        """
        name = f"{FRAMES}{frame.frame_id:09}"
        self._write(f"{name}.json", recorded(frame, captured_ns).model_dump_json().encode())
        self._write(f"{name}.png", encode_picture(frame.image))
        self.frames += 1

    def add_messages(self, messages: Sequence[Message]) -> None:
        """Take in what was published since the newest frame.

        Raises:
            OSError: if it cannot be written.
        """
        self._write(f"{MESSAGES}{self._parts:09}.jsonl", b"".join(encode(each)[1] + b"\n" for each in messages))
        self._parts += 1

    def sync(self) -> None:
        """Make sure that a power cut leaves what was taken in.

        Raises:
            OSError: if that fails.
        """
        os.fdatasync(self._file.fileno())

    def finish(self, reason: str, left_out: int) -> None:
        """Say how it ended.

        Raises:
            OSError: if that cannot be written.
        """
        end = RecordingEnd(reason=reason, frames=self.frames, left_out=left_out)
        self._write(END, end.model_dump_json().encode())
        self._file.write(END_OF_ARCHIVE)
        self.sync()

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._file.close()

    def _write(self, name: str, content: bytes) -> None:
        rest = memoryview(member(name, content, int(time.time())))
        self.size_bytes += len(rest)
        while rest:
            rest = rest[self._file.write(rest) :]


def recorded(frame: Frame, captured_ns: int) -> RecordedFrame:
    """What is told of a frame beside its pixels."""
    height, width = frame.image.shape[:2]
    boxes, exposure = frame.boxes, frame.exposure
    return RecordedFrame(
        frame_id=frame.frame_id,
        timestamp_ns=frame.timestamp_ns,
        captured_ns=captured_ns,
        media_ns=frame.media_ns,
        stretch=frame.stretch,
        width=width,
        height=height,
        boxes=None if boxes is None else [(left, top, right, bottom) for left, top, right, bottom in boxes.tolist()],
        exposure=None if exposure is None else RecordedExposure(time_us=exposure.time_us, gain=exposure.gain),
    )
