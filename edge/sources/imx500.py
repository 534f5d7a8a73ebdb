"""The IMX500 as a source of frames with what its own network has seen in them."""

import logging
from collections import deque

from edge.frame import Frame, OutlineMaps
from edge.settings.sections import CameraSettings, Imx500Settings
from edge.sources.camera_feed import CameraFeed
from edge.sources.camera_session import CameraSession, Capture, open_camera
from edge.sources.imx500_outputs import Boxes
from edge.sources.picamera import monotonic_ns
from edge.sources.recovery import stall_s
from edge.sources.sensor_network import SensorNetwork
from edge.sources.sensor_power import wait_until_off

# The kernel driver powers the sensor off 5 s after streaming stops, and the network is gone with that. A camera that
# is opened before then would find the sensor still on and not upload again.
SETTLE_S = 6.0
WITHOUT_OUTPUT = 100

_log = logging.getLogger(__name__)


class SensorSession(CameraSession):
    """A camera session with the network that was uploaded for it."""

    def __init__(self, settings: CameraSettings, imx500: Imx500Settings, fps: float) -> None:
        """Upload the network and start the camera, no faster than the network.

        Where the network takes longer than a frame, its output is missing from some frames and belongs to an earlier
        image in others; so the sensor runs at the network's rate.

        Raises:
            SourceError: if either fails.
        """
        # In this order: the network has to be set before the camera is opened.
        self.network = SensorNetwork(imx500)
        self.fps = min(fps, self.network.rate)
        if self.fps < fps:
            _log.info("the sensor runs at its network's %g frames/s instead of %g", self.fps, fps)
        slowest = settings.model_copy(update={"min_fps": min(settings.min_fps or self.fps, self.fps)})
        camera = open_camera(self.network.camera_number)
        with self.network.logged_upload():
            super().__init__(camera, slowest, self.fps)
        self.network.narrow()


class Imx500Source:
    """Frames of the IMX500; each with the boxes or outlines of what its network has seen in that very image."""

    name = "imx500"
    live = True
    stills = False
    gives_boxes = True

    def __init__(self, feed: CameraFeed[SensorSession], lag_frames: int = 0) -> None:
        """Deliver the pictures of `feed`, which this source closes.

        Args:
            feed: of the camera.
            lag_frames: how many frames after its image a box is delivered.
        """
        self._feed = feed
        self._lag_frames = lag_frames
        self._waiting: deque[tuple[int, Capture]] = deque()
        self._stretch = 0
        self._without_output = 0

    def read(self) -> Frame | None:
        """Wait for a frame; None once the source is closed.

        Raises:
            SourceError: if the camera fails and cannot be brought back (`SourceLostError`), or its network's output
                cannot be understood.
        """
        while True:
            newest = self._feed.next()
            if newest is None:
                return None
            self._follow_on()
            self._waiting.append((self._feed.frame_id, newest))
            if len(self._waiting) > self._lag_frames:
                return self._frame(newest, *self._waiting.popleft())

    @property
    def recoveries(self) -> dict[str, int]:
        """What was done to bring the camera back -> how often."""
        return self._feed.recoveries

    def degraded(self) -> tuple[str, ...]:
        """What works less well than it should."""
        silent = self._without_output >= WITHOUT_OUTPUT // 2
        sentence = f"the sensor's network has given nothing for {self._without_output} frames"
        return (*self._feed.degraded(), sentence) if silent else self._feed.degraded()

    def close(self) -> None:
        """Release the camera. Safe to call twice."""
        self._feed.close()

    def _follow_on(self) -> None:
        """Let go of pictures from before the camera was brought back: their boxes never come."""
        if self._feed.stretch != self._stretch:
            self._stretch = self._feed.stretch
            self._waiting.clear()

    def _frame(self, newest: Capture, frame_id: int, capture: Capture) -> Frame:
        """The frame of `capture`, with the output that came with the newest one."""
        height, width = capture.image.shape[:2]
        seen = self._feed.session.network.seen(newest.metadata, (width, height))
        self._watch_output(has_output=seen is not None)
        if seen is not None:
            self._feed.usable()
        return Frame(
            frame_id=frame_id,
            timestamp_ns=monotonic_ns(capture),
            image=capture.image,
            boxes=seen.corners if isinstance(seen, Boxes) else None,
            outlines=seen if isinstance(seen, OutlineMaps) else None,
            stretch=self._stretch,
            exposure=capture.exposure,
        )

    def _watch_output(self, *, has_output: bool) -> None:
        """Rebuild the camera where the network is silent: after a power-down the sensor streams without it."""
        self._without_output = 0 if has_output else self._without_output + 1
        if self._without_output >= WITHOUT_OUTPUT:
            self._without_output = 0
            self._feed.rebuild(f"the sensor's network has given nothing for {WITHOUT_OUTPUT} frames")


def open_imx500(camera: CameraSettings, imx500: Imx500Settings, fps: float) -> Imx500Source:
    """Open the IMX500 with the network that the settings name.

    Raises:
        ConfigurationError: if a stall would be noticed too late.
        SourceError: if picamera2 or the network is missing, or the camera cannot be opened or stream as asked.
    """
    wait_until_off(SETTLE_S)
    feed = CameraFeed(
        lambda: SensorSession(camera, imx500, fps),
        stall_s=stall_s(camera, fps, SETTLE_S),
        stall_frames=camera.stall_frames,
        settle_s=SETTLE_S,
    )
    return Imx500Source(feed, imx500.tensor_lag_frames)
