"""One run of a Raspberry Pi camera through picamera2, from start to close: the only place that touches requests."""

import importlib
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.errors import SourceError
from edge.frame import CameraExposure
from edge.geometry import Image
from edge.settings.sections import CameraSettings

# "RGB888" is libcamera's name for bytes in the order blue, green, red: what OpenCV takes.
FORMAT = "RGB888"
BUFFERS = 12
INSTALL = "sudo apt install python3-picamera2, and make the environment with --system-site-packages"
_DRAIN_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capture:
    """One completed request, copied out of it.

    Attributes:
        image: uint8 [height, width, 3], BGR.
        metadata: of the request that the image came from.
        sensor_ns: when the sensor began to expose the first row, on the clock of the kernel's camera stack.
    """

    image: Image
    metadata: Mapping[str, Any]
    sensor_ns: int

    @property
    def exposure(self) -> CameraExposure | None:
        """How the picture was taken; None where the camera does not say."""
        time_us, gain = self.metadata.get("ExposureTime"), self.metadata.get("AnalogueGain")
        return None if time_us is None or gain is None else CameraExposure(time_us=int(time_us), gain=float(gain))


def import_picamera2() -> Any:  # noqa: ANN401 (a module without type annotations)
    """The module picamera2.

    Raises:
        SourceError: if it is not installed, or does not fit what it needs.
    """
    try:
        return importlib.import_module("picamera2")
    except ImportError as cause:
        raise SourceError(f"the Raspberry Pi's camera needs picamera2 and libcamera ({cause}); {INSTALL}") from cause
    except ValueError as cause:
        raise SourceError(
            f"picamera2 cannot be loaded ({cause}): its packages were built for another numpy; use the system's "
            "numpy, not one from pip"
        ) from cause


def open_camera(number: int) -> Any:  # noqa: ANN401 (picamera2 has no type annotations)
    """Open the camera of that number.

    Raises:
        SourceError: if there is none, or it is in use.
    """
    picamera2 = import_picamera2()
    try:
        return picamera2.Picamera2(number)
    except IndexError as cause:
        raise SourceError(
            f"there is no camera number {number}; is its cable seated? 'rpicam-hello --list-cameras' lists cameras"
        ) from cause
    except (RuntimeError, OSError) as cause:
        reason = cause.__cause__ or cause
        raise SourceError(
            f"the camera {number} cannot be opened ({reason}): in use by another program, or not permitted (is this "
            "user in the group video?)"
        ) from cause


def camera_controls(settings: CameraSettings, fps: float, advertised: Mapping[str, Any]) -> dict[str, Any]:
    """The controls that the settings ask for.

    Args:
        settings: of the camera.
        fps: frames per second.
        advertised: control name -> (least, greatest, default), as the configured camera has them.

    Raises:
        SourceError: if the camera lacks one, or a value is out of its range.
    """
    controls: dict[str, Any] = {"FrameDurationLimits": (round(1e6 / fps), round(1e6 / (settings.min_fps or fps)))}
    for name, key, value in (
        ("ExposureTime", "exposure_us", settings.exposure_us),
        ("AnalogueGain", "gain", settings.gain),
    ):
        if value is not None:
            _check_range(key, value, advertised.get(name))
            controls[name] = value
    if settings.red_gain is not None and settings.blue_gain is not None:
        controls |= {"AwbEnable": False, "ColourGains": (settings.red_gain, settings.blue_gain)}
    missing = [name for name in controls if name not in advertised]
    if missing:
        raise SourceError(f"the camera has no control {', '.join(missing)}; leave the setting out that asks for it")
    return controls


def _check_range(key: str, value: float, limits: tuple[float, float, float] | None) -> None:
    # A greatest value of 0 means that the camera sets no limit.
    if limits is not None and not (limits[0] <= value and (limits[1] == 0 or value <= limits[1])):
        raise SourceError(f"camera.{key} = {value}: the camera takes {limits[0]} to {limits[1]}")


class CameraSession:
    """A camera that streams. Used by one thread at a time."""

    def __init__(self, camera: Any, settings: CameraSettings, fps: float) -> None:  # noqa: ANN401
        """Configure and start the camera; it is closed again if that fails.

        Args:
            camera: a `Picamera2`, open and not configured.
            settings: of the camera.
            fps: frames per second.

        Raises:
            SourceError: if the camera cannot stream so.
        """
        self._camera = camera
        self._job: Any = None
        self._newest_ns = 0
        try:
            configuration = camera.create_video_configuration(
                main={"size": (settings.width, settings.height), "format": FORMAT},
                raw={"size": (settings.sensor_width, settings.sensor_height)},
                buffer_count=BUFFERS,
            )
            camera.configure(configuration)
            camera.set_controls(camera_controls(settings, fps, camera.camera_controls))
            camera.start()
        except (RuntimeError, OSError) as cause:
            self.close()
            raise SourceError(
                f"the camera cannot stream {settings.width} x {settings.height} at {fps:g} frames/s ({cause})"
            ) from cause
        except SourceError:
            self.close()
            raise

    def capture(self, timeout_s: float) -> Capture | None:
        """Wait for a picture that is newer than the one before; None if none has come in time.

        What could not be had in time stays asked for: the next call waits on. So no request is ever completed that
        nobody takes and releases.

        Raises:
            SourceError: if a completed request cannot be read.
        """
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._camera.wait(self._job, timeout=timeout_s)
        except TimeoutError:
            return None
        except CancelledError:
            self._job = None
            return None
        self._job = None
        try:
            metadata = request.get_metadata()
            image = request.make_array("main")
        except (RuntimeError, OSError, ValueError) as cause:
            raise SourceError(f"a picture of the camera cannot be read: {cause}") from cause
        finally:
            request.release()
        sensor_ns = int(metadata.get("SensorTimestamp") or time.monotonic_ns())
        if sensor_ns <= self._newest_ns:
            return None
        self._newest_ns = sensor_ns
        return Capture(image=np.asarray(image, dtype=np.uint8), metadata=metadata, sensor_ns=sensor_ns)

    def requeue(self) -> None:
        """Withdraw what was asked for and ask anew with the next capture."""
        self._camera.cancel_all_and_flush()
        job, self._job = self._job, None
        if job is None:
            return
        try:
            # Between the time-out and the withdrawal the request may have been completed after all.
            self._camera.wait(job, timeout=_DRAIN_S).release()
        except (TimeoutError, CancelledError):
            return

    def close(self) -> None:
        """Stop the camera and release it. Safe to call twice.

        A job that waits would make picamera2's `stop` wait for ever; so it is withdrawn first.
        """
        self.requeue()
        self._camera.close()
