"""A recording as a source of frames: every one of them, as fast as they are taken, at the times of then."""

import logging
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigurationError, SourceError
from edge.frame import CameraExposure, Frame
from edge.recording.format import RecordedFrame
from edge.recording.reading import RecordingReader, Shot

_log = logging.getLogger(__name__)


class ReplaySource:
    """The frames of one recording, up to the last whole one. Frames are numbered from 0; their times are of then."""

    live = False
    stills = False

    def __init__(self, path: Path, *, loop: bool = False) -> None:
        """Open the recording.

        Args:
            path: of the file.
            loop: is refused: time would run backwards.

        Raises:
            ConfigurationError: if it is to be played again and again.
            SourceError: if it cannot be read, is no recording, or has no whole frame.
        """
        if loop:
            raise ConfigurationError("source.loop: a recording is played once; leave it out, or play a video")
        self.name = f"replay:{path}"
        self._closed = False
        self._in_use = threading.Lock()
        self._reader = RecordingReader(path)
        self._next = self._reader.next()
        if self._next is None:
            self._reader.close()
            raise SourceError(
                self._reader.torn or f"{path} holds no frame; nothing was looked at while it was recorded"
            )
        self._first_id = self._next.recorded.frame_id
        self._newest = self._next.recorded

    @property
    def gives_boxes(self) -> bool:
        """Whether frames come with the boxes of the sensor's own network."""
        return self._reader.header.gives_boxes

    @property
    def device(self) -> str:
        """The scanner that recorded."""
        return self._reader.header.device

    @property
    def session(self) -> str:
        """The run of it that recorded."""
        return self._reader.header.session

    @property
    def origin(self) -> str:
        """The source that it recorded."""
        return self._reader.header.source

    def monotonic_ns(self) -> int:
        """When the newest frame that was read was captured, on its scanner's monotonic clock."""
        return self._newest.timestamp_ns

    def utc_ns(self) -> int:
        """The same since 1970."""
        return self._newest.captured_ns

    def read(self) -> Frame | None:
        """The next frame; None after the last whole one, or once the source is closed."""
        with self._in_use:
            shot = None if self._closed else self._next
            if shot is None:
                return None
            self._next = self._reader.next()
            if self._next is None and self._reader.torn is not None:
                _log.warning("%s", self._reader.torn)
        self._newest = shot.recorded
        return self._frame(shot)

    def close(self) -> None:
        """Close the file."""
        self._closed = True
        with self._in_use:
            self._reader.close()

    def _frame(self, shot: Shot) -> Frame:
        recorded = shot.recorded
        return Frame(
            frame_id=recorded.frame_id - self._first_id,
            timestamp_ns=recorded.timestamp_ns,
            image=shot.image,
            boxes=_boxes(recorded),
            stretch=recorded.stretch,
            media_ns=recorded.media_ns,
            exposure=None if recorded.exposure is None else CameraExposure(**recorded.exposure.model_dump()),
        )


def _boxes(recorded: RecordedFrame) -> NDArray[np.float64] | None:
    return None if recorded.boxes is None else np.array(recorded.boxes, np.float64).reshape(-1, 4)
