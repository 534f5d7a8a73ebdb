"""A USB camera (V4L2) as a source of frames."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge.errors import SourceError
from edge.frame import Frame

SIZE = (1920, 1080)

_log = logging.getLogger(__name__)


class V4l2Source:
    """The frames of one camera, the newest when they are read fast enough.

    V4L2 itself waits for a frame for at most 10 s (OpenCV's `OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT`), after which, or when
    the camera is unplugged, `read` fails.
    """

    live = True
    stills = False
    gives_boxes = False

    def __init__(
        self, device: Path, fps: float, open_capture: Callable[[str, int], cv2.VideoCapture] = cv2.VideoCapture
    ) -> None:
        """Open the camera and ask for Motion JPEG at 1920 x 1080; it may choose another size, which the log tells.

        Args:
            device: such as /dev/video0.
            fps: frames a second to ask for.
            open_capture: opens a device with an OpenCV back end.

        Raises:
            SourceError: if there is no such camera, or it cannot be opened.
        """
        self.name = f"v4l2:{device}"
        self._device = device
        self._capture = _open(device, fps, open_capture)
        self._frame_ms = 1000 / max(1.0, self._capture.get(cv2.CAP_PROP_FPS) or fps)
        self._frame_id = -1
        self._stamp_ms = 0.0
        self._closed = False
        self._in_use = threading.Lock()

    def read(self) -> Frame | None:
        """Wait for a frame; None once the source is closed.

        Raises:
            SourceError: if the camera gives none: unplugged, or hanging.
        """
        with self._in_use:
            if self._closed:
                return None
            taken = self._capture.grab()
            timestamp_ns, stamp_ms = time.monotonic_ns(), self._capture.get(cv2.CAP_PROP_POS_MSEC)
            decoded, image = self._capture.retrieve() if taken else (False, None)
        if not decoded or image is None:
            raise SourceError(f"the camera {self._device} gives no more frames; is it still plugged in?")
        self._count(stamp_ms)
        return Frame(frame_id=self._frame_id, timestamp_ns=timestamp_ns, image=np.asarray(image, dtype=np.uint8))

    def close(self) -> None:
        """Release the camera."""
        self._closed = True
        with self._in_use:
            self._capture.release()

    def _count(self, stamp_ms: float) -> None:
        """Number the frame so that those which the camera took and nobody read leave a gap.

        OpenCV tells of a frame only when the driver stamped it (`CAP_PROP_POS_MSEC`; 0 where the driver does not), not
        the driver's own number; so a camera that takes fewer pictures in poor light counts as one that drops them.
        """
        elapsed_ms = stamp_ms - self._stamp_ms
        missed = round(elapsed_ms / self._frame_ms) - 1 if self._stamp_ms > 0 and stamp_ms > 0 else 0
        self._frame_id += 1 + max(0, missed)
        self._stamp_ms = stamp_ms


def _open(device: Path, fps: float, open_capture: Callable[[str, int], cv2.VideoCapture]) -> cv2.VideoCapture:
    try:
        device.stat()
    except OSError as cause:
        raise SourceError(f"there is no camera {device} ({cause.strerror}); {_cameras()}") from cause
    capture = open_capture(str(device), cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f"the camera {device} cannot be opened: in use by another program, not permitted (is this user in the "
            f"group video?), or not a camera; {_cameras()}"
        )
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, SIZE[0])
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, SIZE[1])
    capture.set(cv2.CAP_PROP_FPS, fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    _log_choice(device, capture, fps)
    return capture


def _log_choice(device: Path, capture: cv2.VideoCapture, fps: float) -> None:
    """Say what the camera chose of what it was asked for."""
    width, height = (int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    chosen_fps = capture.get(cv2.CAP_PROP_FPS)
    level = logging.INFO if (width, height) == SIZE and chosen_fps >= fps else logging.WARNING
    _log.log(
        level,
        "%s gives %d x %d at %.0f frames/s (asked for %d x %d at %.0f)",
        device, width, height, chosen_fps, *SIZE, fps,
    )  # fmt: skip


def _cameras() -> str:
    found = sorted(str(path) for path in Path("/dev").glob("video*"))
    return f"devices here: {', '.join(found)}" if found else "no camera is connected to this machine"
