"""A stand-in for picamera2 with the names and parameters of the published sources, on a clock that tests move.

`test_signatures.py` compares it with the record; `test_real_picamera2.py` runs the adapter on the real package.
"""

# Whole signatures are as published, used or not.
# ruff: noqa: ARG002, ARG005, B006, C901, PLR0917

import ctypes
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

CROP = (508, 0, 3040, 3040)
FRAME_US = 33333
ADVERTISED = {
    "FrameDurationLimits": (25000, 1000000, 33333),
    "ExposureTime": (50, 66000, 10000),
    "AnalogueGain": (1.0, 22.26, 1.0),
    "AwbEnable": (False, True, True),
    "ColourGains": (0.0, 32.0, 1.0),
    "ScalerCrop": ((0, 0, 64, 64), (0, 0, 4056, 3040), CROP),
}


@dataclass
class Bench:
    """The simulated world.

    Attributes:
        script: what happens at each wait for a request: an image with metadata, or the seconds of silence; when it is
            used up, silence.
        log: every call that matters, in order.
    """

    script: deque[Any] = field(default_factory=deque)
    log: list[str] = field(default_factory=list)
    now_s: float = 100.0
    advertised: dict[str, Any] = field(default_factory=lambda: dict(ADVERTISED))
    cameras: int = 1
    open_error: Exception | None = None
    start_error: Exception | None = None
    array_error: Exception | None = None
    outstanding: int = 0
    jobs: int = 0
    late: Any = None
    configuration: dict[str, Any] = field(default_factory=dict)
    controls: dict[str, Any] = field(default_factory=dict)
    intrinsics: Any = None
    input_size: tuple[int, int] = (320, 320)
    roi: tuple[int, int, int, int] = (0, 0, 4056, 3040)
    progress: list[Any] = field(default_factory=list)
    imx500_error: BaseException | None = None
    on_start: Callable[[], None] = lambda: None
    clock_ns: Callable[[], int] | None = None

    def clock(self) -> int:
        return round(self.now_s * 1e9) if self.clock_ns is None else self.clock_ns()

    def show(self, image: np.ndarray | None = None, *, frames: int = 1, **metadata: Any) -> None:
        """Let the camera deliver frames, one frame time apart."""
        picture = np.zeros((48, 48, 3), np.uint8) if image is None else image
        self.script.extend((picture, metadata) for _ in range(frames))


def tensor_info(shapes: list[tuple[int, ...]]) -> bytes:
    """The 712 bytes of libcamera's `CnnOutputTensorInfoExported`: name, count, 16 tensors, frame number."""

    class Info(ctypes.LittleEndianStructure):
        _fields_ = [("number", ctypes.c_uint32), ("dimensions", ctypes.c_uint32), ("size", ctypes.c_uint16 * 16)]

    class Exported(ctypes.LittleEndianStructure):
        _fields_ = [("name", ctypes.c_char * 64), ("count", ctypes.c_uint32), ("info", Info * 16),
                    ("frame", ctypes.c_uint8)]  # fmt: skip

    exported = Exported(name=b"network", count=len(shapes))
    for number, shape in enumerate(shapes):
        sizes = (ctypes.c_uint16 * 16)(*shape)
        exported.info[number] = Info(number=number, dimensions=len(shape), size=sizes)
    return bytes(exported)


def tensor_metadata(*tensors: np.ndarray) -> dict[str, Any]:
    """Metadata that carry these tensors as the sensor sends them: column-major, one after the other."""
    values = np.concatenate([np.asarray(tensor, np.float32).ravel(order="F") for tensor in tensors])
    return {
        "CnnOutputTensor": tuple(values.tolist()),
        "CnnOutputTensorInfo": tensor_info([tensor.shape for tensor in tensors]),
    }


def stand_in(bench: Bench) -> dict[str, ModuleType]:
    """Module name -> module."""
    picamera2, devices = ModuleType("picamera2"), ModuleType("picamera2.devices")
    imx500 = ModuleType("picamera2.devices.imx500")
    for name, kind in _camera_classes(bench).items():
        setattr(picamera2, name, kind)
    for name, kind in _sensor_classes(bench).items():
        setattr(imx500, name, kind)
    return {"picamera2": picamera2, "picamera2.devices": devices, "picamera2.devices.imx500": imx500}


def _camera_classes(bench: Bench) -> dict[str, type]:
    class CompletedRequest:
        def __init__(self, request: Any, picam2: Any) -> None:
            self._image, self._metadata = request
            self._held = True
            bench.outstanding += 1

        def get_metadata(self) -> dict[str, Any]:
            assert self._held
            return dict(self._metadata)

        def make_array(self, name: str) -> np.ndarray:
            assert self._held
            assert name == "main"
            if bench.array_error is not None:
                raise bench.array_error
            return self._image.copy()

        def release(self) -> None:
            assert self._held, "released twice"
            self._held = False
            bench.outstanding -= 1

    class Picamera2:
        def __init__(
            self, camera_num: int = 0, verbose_console: Any = None, tuning: Any = None, allocator: Any = None
        ) -> None:
            bench.log.append(f"open {camera_num}")
            if camera_num >= bench.cameras:
                raise IndexError("list index out of range")
            if bench.open_error is not None:
                raise RuntimeError("Camera __init__ sequence did not complete.") from bench.open_error
            self._jobs: list[SimpleNamespace] = []
            self._open = True

        @property
        def camera_controls(self) -> dict[str, Any]:
            return bench.advertised

        def create_video_configuration(
            self, main: dict = {}, lores: Any = None, raw: dict = {}, transform: Any = None, colour_space: Any = None,
            buffer_count: int = 6, controls: dict = {}, display: str = "main", encode: str = "main", queue: bool = True,
            sensor: dict = {}, use_case: str = "video",
        ) -> dict[str, Any]:  # fmt: skip
            return {"main": main, "raw": raw, "buffer_count": buffer_count, "controls": controls}

        def configure(self, camera_config: Any = None) -> None:
            bench.configuration = camera_config

        def set_controls(self, controls: dict[str, Any]) -> None:
            for name in controls:
                if name not in bench.advertised:
                    raise RuntimeError(f"Control {name} is not advertised by libcamera")
            bench.controls = controls

        def start(self, config: Any = None, show_preview: Any = False) -> None:
            bench.on_start()
            if bench.start_error is not None:
                raise bench.start_error
            bench.log.append("start")

        def capture_request(self, wait: Any = None, signal_function: Any = None, flush: Any = None) -> SimpleNamespace:
            assert wait is False, "a wait that times out leaves a job behind that nobody takes"
            bench.jobs += 1
            job = SimpleNamespace(cancelled=False)
            self._jobs.append(job)
            return job

        def wait(self, job: SimpleNamespace, timeout: float | None = None) -> CompletedRequest:
            assert timeout is not None, "a stalled camera would block for ever"
            if job.cancelled:
                raise CancelledError
            event = bench.late if bench.late is not None else bench.script.popleft() if bench.script else timeout
            bench.late = None
            if not self._open or isinstance(event, float | int):
                bench.now_s += timeout
                raise TimeoutError
            self._jobs = [each for each in self._jobs if each is not job]
            bench.now_s += FRAME_US / 1e6
            image, extra = event
            stamp = {"SensorTimestamp": bench.clock(), "FrameDuration": FRAME_US, "ScalerCrop": CROP}
            return CompletedRequest((image, stamp | extra), self)

        def cancel_all_and_flush(self) -> None:
            bench.log.append("flush")
            for job in self._jobs:
                job.cancelled = bench.late is None
            self._jobs = []

        def close(self) -> None:
            assert not self._jobs, "picamera2 would wait for ever for a job that never ends"
            if self._open:
                bench.log.append("close")
            self._open = False

    return {"Picamera2": Picamera2, "CompletedRequest": CompletedRequest}


def _sensor_classes(bench: Bench) -> dict[str, type]:
    class NetworkIntrinsics:
        def __init__(self, val: dict | None = None) -> None:
            self._values = dict(val or {})

        def update_with_defaults(self) -> None:
            self._values = {"inference_rate": 30.0} | self._values

        preserve_aspect_ratio = property(
            lambda self: self._values.get("input_aspect_ratio") == {"width": 1, "height": 1}
        )
        task = property(lambda self: self._values.get("task"))
        inference_rate = property(lambda self: self._values.get("inference_rate"))
        bbox_normalization = property(lambda self: self._values.get("cpu", {}).get("bbox_normalization"))
        bbox_order = property(lambda self: self._values.get("cpu", {}).get("bbox_order"))
        postprocess = property(lambda self: self._values.get("cpu", {}).get("post_processing"))
        labels = property(lambda self: self._values.get("classes", {}).get("labels"))
        ignore_dash_labels = property(lambda self: self._values.get("classes", {}).get("ignore_undefined"))

    class IMX500:
        def __init__(self, network_file: str, camera_id: str = "", tensor_injection: bool = False) -> None:
            bench.log.append("network")
            if bench.imx500_error is not None:
                raise bench.imx500_error
            roi = dict(zip(("x", "y", "width", "height"), bench.roi, strict=True))
            self._config = {"network_file": network_file, "roi": SimpleNamespace(**roi)}

        camera_num = property(lambda self: 0)
        config = property(lambda self: self._config)
        network_intrinsics = property(
            lambda self: None if bench.intrinsics is None else NetworkIntrinsics(bench.intrinsics)
        )

        def get_input_size(self) -> tuple[int, int]:
            return bench.input_size

        def get_fw_upload_progress(self, stage_req: int) -> tuple[int, int]:
            assert stage_req == 2
            outcome = bench.progress.pop(0) if bench.progress else (100, 100)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        def set_auto_aspect_ratio(self) -> None:
            bench.log.append("square")
            self._config["roi"] = SimpleNamespace(x=508, y=0, width=3040, height=3040)

        @staticmethod
        def get_kpi_info(metadata: dict) -> tuple[float, float] | None:
            times = metadata.get("CnnKpiInfo")
            return None if times is None else (times[0] / 1000, times[1] / 1000)

        def get_outputs(self, metadata: dict, add_batch: bool = False) -> list[np.ndarray] | None:
            values = metadata.get("CnnOutputTensor")
            if not values:
                return None
            info = bytes(metadata["CnnOutputTensorInfo"])
            if len(info) != 712:
                raise ValueError(f"tensor info length {len(info)} does not match expected size 712")
            count = int.from_bytes(info[64:68], "little")
            outputs, offset, values = [], 0, np.array(values, np.float32)
            for number in range(count):
                entry = np.frombuffer(info, "<u2", 16, 68 + 40 * number + 8)
                shape = tuple(entry[: int.from_bytes(info[72 + 40 * number : 76 + 40 * number], "little")])
                size = int(np.prod(shape))
                tensor = values[offset : offset + size].reshape(shape, order="F")
                outputs.append(tensor[None] if add_batch else tensor)
                offset += size
            return outputs

    return {"IMX500": IMX500, "NetworkIntrinsics": NetworkIntrinsics}
