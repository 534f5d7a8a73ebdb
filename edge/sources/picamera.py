"""Any camera of the Raspberry Pi as a source of frames; the scanner's own detector finds the cards."""

import time

from edge.frame import Frame
from edge.health import Clock
from edge.settings.sections import CameraSettings
from edge.sources.camera_feed import CameraFeed
from edge.sources.camera_session import CameraSession, Capture, open_camera
from edge.sources.recovery import stall_s


class PicameraSource:
    """Frames of a camera through picamera2, the newest when they are read fast enough."""

    name = "picamera"
    live = True
    stills = False
    gives_boxes = False

    def __init__(self, feed: CameraFeed[CameraSession]) -> None:
        """Deliver the pictures of `feed`, which this source closes."""
        self._feed = feed

    def read(self) -> Frame | None:
        """Wait for a frame; None once the source is closed.

        Raises:
            SourceError: if the camera fails and cannot be brought back (`SourceLostError`).
        """
        capture = self._feed.next()
        if capture is None:
            return None
        self._feed.usable()
        return Frame(
            frame_id=self._feed.frame_id,
            timestamp_ns=monotonic_ns(capture),
            image=capture.image,
            stretch=self._feed.stretch,
            exposure=capture.exposure,
        )

    @property
    def recoveries(self) -> dict[str, int]:
        """What was done to bring the camera back -> how often."""
        return self._feed.recoveries

    def degraded(self) -> tuple[str, ...]:
        """What works less well than it should."""
        return self._feed.degraded()

    def close(self) -> None:
        """Release the camera. Safe to call twice."""
        self._feed.close()


def open_picamera(settings: CameraSettings, fps: float) -> PicameraSource:
    """Open the camera that the settings name.

    Raises:
        ConfigurationError: if a stall would be noticed too late.
        SourceError: if picamera2 is missing, or the camera cannot be opened or stream as asked.
    """

    def _open() -> CameraSession:
        return CameraSession(open_camera(settings.number), settings, fps)

    feed = CameraFeed(_open, stall_s=stall_s(settings, fps), stall_frames=settings.stall_frames)
    return PicameraSource(feed)


def monotonic_ns(capture: Capture, clock: Clock = time.monotonic_ns) -> int:
    """When the picture was exposed, on the monotonic clock; never in the future.

    The Raspberry Pi's camera drivers stamp frames with the kernel's monotonic clock, and picamera2 compares
    `SensorTimestamp` with it (`Picamera2.capture_request(flush=True)`).
    """
    return min(clock(), capture.sensor_ns)
