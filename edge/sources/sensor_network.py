"""The detection network that runs on the IMX500 itself: its upload, its intrinsics, its output for one frame."""

import importlib
import logging
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.errors import SourceError
from edge.frame import OutlineMaps
from edge.manifests import read_sensor_manifest
from edge.settings.sections import Imx500Settings
from edge.sources import imx500_outlines
from edge.sources.camera_session import import_picamera2
from edge.sources.imx500_outputs import (
    FULL_SENSOR,
    POSTPROCESSES,
    Boxes,
    NetworkOutput,
    Rectangle,
    decode_boxes,
    to_frame,
)

INSTALL = "sudo apt install imx500-all python3-picamera2"
NETWORK_STAGE = 2
# published: the greatest value of the kernel driver's control for the region.
ROI_LIMIT = 4032
PROGRESS_POLL_S = 2.0
_UNDEFINED_LABELS = ("", "-")

_log = logging.getLogger(__name__)


class SensorNetwork:
    """A network that was handed to the sensor. It is uploaded when the camera starts, and lost when it stops."""

    def __init__(self, settings: Imx500Settings) -> None:
        """Hand the network to the sensor; before the camera itself is opened.

        Raises:
            ModelError: if the manifest beside the network is damaged.
            SourceError: if there is no IMX500 or no such network, or it is not a detection network.
        """
        if not settings.network.is_file():
            raise SourceError(
                f"there is no network {settings.network}; {INSTALL} brings the published ones, or set imx500.network"
            )
        devices = _import_imx500()
        try:
            self._imx500 = devices.IMX500(str(settings.network))
        except (RuntimeError, OSError, StopIteration) as cause:
            reason = str(cause) or "libcamera does not list it"
            raise SourceError(
                f"the IMX500 cannot be opened ({reason}): is its cable seated, does 'rpicam-hello --list-cameras' "
                f"list it, and is this user in the group video (/dev/v4l-subdev*)? {INSTALL}"
            ) from cause
        intrinsics = self._imx500.network_intrinsics or devices.NetworkIntrinsics(_intrinsics_beside(settings.network))
        intrinsics.update_with_defaults()
        if intrinsics.task not in (None, "object detection"):
            raise SourceError(f"{settings.network} is for {intrinsics.task}; set imx500.network to a detection network")
        self.output = network_output(settings, intrinsics, tuple(self._imx500.get_input_size()))
        self.rate: float = float(intrinsics.inference_rate)
        self._square = bool(intrinsics.preserve_aspect_ratio)
        self._kpi_told = False

    @property
    def camera_number(self) -> int:
        """The number by which picamera2 opens this sensor."""
        return int(self._imx500.camera_num)

    @contextmanager
    def logged_upload(self) -> Iterator[None]:
        """Log the progress of the upload while the camera starts inside; the first one can take minutes."""
        done = threading.Event()
        thread = threading.Thread(target=self._log_progress, args=(done,), name="upload", daemon=True)
        _log.info("uploading the network to the sensor; the first time this can take minutes")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def narrow(self) -> None:
        """Have the network shown the middle of the sensor in the shape of its input, where it was trained so.

        To be called while the camera streams, as picamera2's own programs do.
        """
        if self._square:
            self._imx500.set_auto_aspect_ratio()

    def seen(self, metadata: Mapping[str, Any], size: tuple[int, int]) -> Boxes | OutlineMaps | None:
        """What the network says of the request that the metadata belong to; None where it did not finish in time.

        Args:
            metadata: of the request.
            size: width and height of the request's frame.

        Returns:
            Boxes in frame pixels, or maps of outlines.

        Raises:
            SourceError: if the output cannot be understood.
        """
        try:
            outputs = self._imx500.get_outputs(dict(metadata), add_batch=True)
        except ValueError as cause:
            raise SourceError(
                f"picamera2 cannot read the sensor's output ({cause}): it does not fit libcamera; "
                "sudo apt full-upgrade, and use the system's picamera2, not one from pip"
            ) from cause
        if not outputs:
            return None
        self._tell_times(metadata)
        crop = tuple(metadata["ScalerCrop"])
        if self.output.postprocess == imx500_outlines.POSTPROCESS:
            return imx500_outlines.outline_maps(outputs, self._roi(), crop, size)
        return to_frame(decode_boxes(outputs, self.output), self._roi(), crop, size)

    def _roi(self) -> Rectangle:
        """What the network sees, in pixels of the full sensor; the driver takes no more than `ROI_LIMIT`."""
        roi = self._imx500.config.get("roi")
        x, y, width, height = FULL_SENSOR if roi is None else (roi.x, roi.y, roi.width, roi.height)
        return x, y, min(width, ROI_LIMIT), min(height, ROI_LIMIT)

    def _tell_times(self, metadata: Mapping[str, Any]) -> None:
        """Log once how long the network takes on the sensor."""
        times = None if self._kpi_told else self._imx500.get_kpi_info(dict(metadata))
        if times is not None:
            self._kpi_told = True
            _log.info("on the sensor the network takes %.1f ms, and %.1f ms of its signal processor", *times)

    def _log_progress(self, done: threading.Event) -> None:
        told = -1
        while not done.wait(PROGRESS_POLL_S):
            try:
                current, total = self._imx500.get_fw_upload_progress(NETWORK_STAGE)
            except (AssertionError, IndexError, OSError, ValueError, subprocess.CalledProcessError) as cause:
                _log.info("the progress of the upload cannot be read here (%s)", type(cause).__name__)
                return
            percent = 100 * current // total if total else 0
            if percent != told:
                _log.info("uploading the network to the sensor: %d %%", percent)
            told = percent


def network_output(settings: Imx500Settings, intrinsics: Any, input_size: tuple[int, int]) -> NetworkOutput:  # noqa: ANN401
    """How to read the network's output: as its intrinsics say, unless the settings say otherwise.

    Raises:
        SourceError: if it needs decoding that is not known, or has none of the labels asked for.
    """
    postprocess = next((known for known in POSTPROCESSES if known == (intrinsics.postprocess or "")), None)
    if postprocess is None:
        raise SourceError(
            f"{settings.network} needs the decoding '{intrinsics.postprocess}', which is not known; set another"
        )
    labels = tuple(intrinsics.labels or ())
    if intrinsics.ignore_dash_labels:
        labels = tuple(label for label in labels if label not in _UNDEFINED_LABELS)
    unknown = [label for label in settings.labels if label not in labels]
    if unknown:
        raise SourceError(
            f"{settings.network} has no label {', '.join(unknown)}; it has: {', '.join(labels) or 'none'}"
        )
    normalization = settings.bbox_normalization
    return NetworkOutput(
        postprocess=postprocess,
        bbox_order=settings.bbox_order or intrinsics.bbox_order or "yx",
        bbox_normalization=bool(intrinsics.bbox_normalization) if normalization is None else normalization,
        input_size=input_size,
        labels=labels,
        wanted=settings.labels,
        threshold=settings.threshold,
    )


def _intrinsics_beside(network: Path) -> dict[str, Any] | None:
    """The intrinsics of a network whose file has none, from the manifest beside it; None where there is none either."""
    manifest = network.with_suffix(".json")
    return read_sensor_manifest(manifest).intrinsics if manifest.exists() else None


def _import_imx500() -> Any:  # noqa: ANN401 (a module without type annotations)
    import_picamera2()
    try:
        return importlib.import_module("picamera2.devices.imx500")
    except ImportError as cause:
        raise SourceError(f"picamera2's part for the IMX500 cannot be loaded ({cause}); {INSTALL}") from cause
