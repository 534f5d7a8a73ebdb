"""One open Hailo device with one configured model: the only place that calls HailoRT."""

import importlib
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceError, InferenceTimeoutError, ModelError, ScannerError
from edge.manifests import ModelManifest

INSTALL = "sudo apt install dkms hailo-all, reboot, and make the environment with --system-site-packages"
# Sessions of one process that name the same group share the device, so that a reload can open its model first.
GROUP = "SHARED"

_WRONG_CHIP = "it was compiled for another chip; compile it for hailo8"
_DAMAGED = "it is damaged, or made by a compiler that this HailoRT does not know; copy or compile it again"
_VERSIONS = "driver and library are of different versions; sudo apt install --reinstall hailo-all, and reboot"
_ABSENT = "no Hailo device answers; is it seated, and does 'lspci | grep Hailo' list it? " + INSTALL
_PERMISSIONS = (
    "may this user use /dev/hailo0 (group video; a service that was started before the driver was loaded may not: "
    "restart it)?"
)
_DRIVER = (
    f"the driver refused: {_PERMISSIONS} Else see 'dmesg | grep hailo' (where that says max_desc_page_size: put "
    "'options hailo_pci force_desc_page_size=4096' in /etc/modprobe.d/hailo_pci.conf and reboot)"
)
_BUSY = "another program uses the device; end it ('sudo lsof /dev/hailo0' names it)"

# Names of exceptions and of status codes (hailort.h) -> what to raise and to say. HailoRT raises a class of its own
# for some codes and a plain HailoRTException with the code's name in the text for the others.
MEANINGS: tuple[tuple[tuple[str, ...], type[ScannerError], str], ...] = (
    (
        ("HailoRTHEFNotCompatibleWithDevice", "HAILO_HEF_NOT_COMPATIBLE_WITH_DEVICE", "HAILO_INVALID_DEVICE_ARCH"),
        ModelError,
        _WRONG_CHIP,
    ),
    (
        ("HailoRTInvalidHEF", "HAILO_INVALID_HEF", "HAILO_HEF_FILE_CORRUPTED", "HAILO_HEF_NOT_SUPPORTED"),
        ModelError,
        _DAMAGED,
    ),
    (
        ("HAILO_OPEN_FILE_FAILURE",),
        ModelError,
        f"it, or the device, cannot be opened: {_PERMISSIONS}",
    ),
    (("HailoRTTimeout", "HAILO_TIMEOUT", "HAILO_DRIVER_TIMEOUT"), InferenceTimeoutError, "it did not answer in time"),
    (
        ("HAILO_INVALID_DRIVER_VERSION", "HAILO_DRIVER_INVALID", "HAILO_UNSUPPORTED_FW", "HAILO_INVALID_FIRMWARE"),
        InferenceError,
        _VERSIONS,
    ),
    (("HAILO_OUT_OF_PHYSICAL_DEVICES", "HAILO_DRIVER_NOT_INSTALLED"), InferenceError, _ABSENT),
    (("HAILO_DEVICE_IN_USE",), InferenceError, _BUSY),
    (("HailoRTDriverOperationFailed", "HAILO_DRIVER_OPERATION_FAILED"), InferenceError, _DRIVER),
)

_log = logging.getLogger(__name__)


def import_hailo() -> Any:  # noqa: ANN401 (a module without type annotations)
    """The module hailo_platform.

    Raises:
        ModelError: if it is not installed, or its parts do not fit each other.
    """
    try:
        return importlib.import_module("hailo_platform")
    except ImportError as cause:
        raise ModelError(f"a model for Hailo (.hef) needs HailoRT's hailo_platform ({cause}); {INSTALL}") from cause


def explained(cause: Exception, path: Path) -> ScannerError:
    """The error that says what a HailoRT exception means for the model at `path`, and what to do.

    Returns:
        ModelError where the file is at fault, InferenceTimeoutError or InferenceError where the device is.
    """
    text = f"{type(cause).__name__}: {' '.join(str(cause).split())}"
    for markers, error, meaning in MEANINGS:
        if any(marker in text for marker in markers):
            return error(f"the Hailo cannot run {path}: {meaning} [{text}]")
    return InferenceError(f"the Hailo failed on {path}: {text}; see hailort.log and 'dmesg | grep hailo'")


class HailoSession:
    """An open device, a model configured once, and buffers that are used again and again. Used by one thread."""

    def __init__(self, hailo: Any, path: Path, manifest: ModelManifest, *, batch: int, timeout_ms: int) -> None:  # noqa: ANN401
        """Open the device and configure the model.

        Args:
            hailo: the module hailo_platform.
            path: of the compiled model.
            manifest: of that model.
            batch: most cards in one run.
            timeout_ms: that one run may take.

        Raises:
            ModelError: if the model is not one for this device, or not the one that its manifest describes.
            InferenceError: if the device cannot be opened.
        """
        self._error: type[Exception] = hailo.HailoRTException
        self._path = path
        self._timeout_ms = timeout_ms
        self._resources = ExitStack()
        try:
            self._open(hailo, manifest, batch)
        except self._error as cause:
            self.close()
            raise explained(cause, path) from cause
        except ModelError:
            self.close()
            raise

    def run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the model on any number of cards, as many at a time as there are buffers.

        Args:
            pixels: [N, height, width, 3], 0 to 255, in the model's colour order.

        Returns:
            float32 [N, dimension], as the model gives them: not normalised, perhaps not finite.

        Raises:
            InferenceError: if the device fails; the session is not usable any more then.
        """
        batch = len(self._bindings)
        parts = [self._run(pixels[start : start + batch]) for start in range(0, len(pixels), batch)]
        return np.concatenate(parts)

    def close(self) -> bool:
        """Release the device; whether that went well. Where not, it may still write to this session's buffers."""
        try:
            self._resources.close()
        except self._error as cause:
            _log.warning("the Hailo device was not released cleanly: %s", cause)
            return False
        return True

    def _open(self, hailo: Any, manifest: ModelManifest, batch: int) -> None:  # noqa: ANN401
        params = hailo.VDevice.create_params()
        params.scheduling_algorithm = hailo.HailoSchedulingAlgorithm.ROUND_ROBIN
        params.group_id = GROUP
        device = self._resources.enter_context(hailo.VDevice(params))
        model = device.create_infer_model(str(self._path))
        _check_model(model, self._path, manifest)
        model.set_batch_size(batch)
        model.input().set_format_type(hailo.FormatType.UINT8)
        # HailoRT turns the quantised output into float32 by itself, once, with the scale and zero point of the model.
        model.output().set_format_type(hailo.FormatType.FLOAT32)
        # Leaving it shuts the pipeline down with the interpreter's lock released. Its own `shutdown()` keeps the lock,
        # and after a time-out waits 10 s for a callback that needs it.
        self._configured = self._resources.enter_context(model.configure())
        count = max(1, min(batch, self._configured.get_async_queue_size()))
        # One array a frame and direction: C-contiguous, writable and of the size that the device writes.
        self._inputs = [np.zeros(tuple(model.input().shape), dtype=np.uint8) for _ in range(count)]
        self._outputs = [np.zeros(tuple(model.output().shape), dtype=np.float32) for _ in range(count)]
        self._bindings = [
            self._configured.create_bindings(
                input_buffers={model.input().name: pixels}, output_buffers={model.output().name: values}
            )
            for pixels, values in zip(self._inputs, self._outputs, strict=True)
        ]

    def _run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        count = len(pixels)
        for card, buffer in zip(pixels, self._inputs, strict=False):
            buffer[...] = card
        failures: list[Exception] = []
        try:
            self._configured.wait_for_async_ready(timeout_ms=self._timeout_ms, frames_count=count)
            job = self._configured.run_async(self._bindings[:count], _Completion(failures))
            # HailoRT may wait twice: once for the job and once for its callback.
            job.wait(max(1, self._timeout_ms // 2))
        except self._error as cause:
            raise explained(cause, self._path) from cause
        if failures:
            raise explained(failures[0], self._path) from failures[0]
        return np.stack([values.ravel() for values in self._outputs[:count]])


class _Completion:
    """Called by a thread of HailoRT when a job is done; never raises."""

    def __init__(self, failures: list[Exception]) -> None:
        self._failures = failures

    def __call__(self, completion_info: Any) -> None:  # noqa: ANN401
        if completion_info.exception is not None:
            self._failures.append(completion_info.exception)


def _check_model(model: Any, path: Path, manifest: ModelManifest) -> None:  # noqa: ANN401
    """Check that the compiled model has one input and one output, of the shapes that the manifest says."""
    size = manifest.preprocessing
    inputs, outputs = [tuple(each.shape) for each in model.inputs], [tuple(each.shape) for each in model.outputs]
    if inputs != [(size.height, size.width, 3)]:
        raise ModelError(f"{path} takes {inputs}, but its manifest says one of {(size.height, size.width, 3)}")
    if len(outputs) != 1 or int(np.prod(outputs[0])) != manifest.dimension:
        raise ModelError(f"{path} gives {outputs}, but its manifest says one of {manifest.dimension} numbers")
