"""A video file as a source of frames, every one of them, as fast as they are taken."""

import threading
import time
from pathlib import Path

import cv2
import numpy as np

from edge.errors import SourceError
from edge.files.regular_files import open_regular
from edge.frame import Frame

# Some containers only estimate how many frames they hold.
_MISSING_SHARE = 0.02


class VideoSource:
    """The frames of one video file."""

    live = False
    stills = False
    gives_boxes = False

    def __init__(self, path: Path, *, loop: bool = False) -> None:
        """Open the file.

        Args:
            path: a video of any kind that OpenCV's FFmpeg reads.
            loop: start again after the last frame.

        Raises:
            SourceError: if it is missing, empty or not a video.
        """
        self.name = f"video:{path}"
        self._path = path
        self._loop = loop
        self._frame_id = 0
        self._first_id = 0
        self._stretch = 0
        self._closed = False
        self._in_use = threading.Lock()
        self._capture = _open(path)

    def read(self) -> Frame | None:
        """The next frame; None after the last one, or once the source is closed.

        Raises:
            SourceError: if the file ends before the number of frames that it promises.
        """
        with self._in_use:
            if self._closed:
                return None
            taken, image = self._capture.read()
            if not taken:
                self._check_complete()
                if not self._loop:
                    return None
                image = self._restarted()
            media_ns = round(1e6 * self._capture.get(cv2.CAP_PROP_POS_MSEC))
        frame = Frame(
            frame_id=self._frame_id,
            timestamp_ns=time.monotonic_ns(),
            image=np.asarray(image, dtype=np.uint8),
            stretch=self._stretch,
            media_ns=media_ns,
        )
        self._frame_id += 1
        return frame

    def close(self) -> None:
        """Close the file."""
        self._closed = True
        with self._in_use:
            self._capture.release()

    def _check_complete(self) -> None:
        promised, read = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)), self._frame_id - self._first_id
        if read == 0:
            raise SourceError(f"{self._path} holds no frame that can be read; copy it again or convert it to MP4")
        if promised - read > max(1.0, _MISSING_SHARE * promised):
            raise SourceError(
                f"{self._path} breaks off after frame {read} of {promised}; the frames up to there were used; "
                "copy the file again"
            )

    def _restarted(self) -> cv2.typing.MatLike:
        self._capture.release()
        self._capture = _open(self._path)
        self._first_id = self._frame_id
        self._stretch += 1
        taken, image = self._capture.read()
        if not taken:
            raise SourceError(f"{self._path} cannot be read again from its start; is it still there?")
        return image


def _open(path: Path) -> cv2.VideoCapture:
    try:
        with open_regular(path) as file:
            empty = not file.read(1)
    except OSError as cause:
        raise SourceError(f"cannot read the video {path}: {cause.strerror}; is the path right?") from cause
    capture = cv2.VideoCapture(str(path))
    if empty or not capture.isOpened():
        capture.release()
        raise SourceError(
            f"{path} is not a video that can be read (incomplete, or of an unknown kind); "
            "copy it again or convert it to MP4"
        )
    return capture
