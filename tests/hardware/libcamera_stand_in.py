"""As little of libcamera's Python module as the real picamera2 needs to open, configure and stream a camera.

What a test decides is when a frame arrives and what is in it; queueing, jobs, request counting and configuration are
picamera2's own.
"""

# Signatures are as published, used or not.
# ruff: noqa: ARG002

import contextlib
import mmap
import os
import sys
import threading
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

Status = Enum("Status", ["Complete", "Pending"])
FrameStatus = Enum("FrameStatus", ["Success", "Error"])
ControlType = Enum("ControlType", ["Integer", "Float", "Bool", "Rectangle", "Size"])


class Size:
    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width, self.height = width, height

    def bounded_to_aspect_ratio(self, ratio: "Size") -> "Size":
        """The largest size of that shape within this one (libcamera's `Size::boundedToAspectRatio`)."""
        if self.width * ratio.height > ratio.width * self.height:
            return Size(self.height * ratio.width // ratio.height, self.height)
        return Size(self.width, self.width * ratio.height // ratio.width)

    def centered_to(self, center: "Point") -> "Rectangle":
        """The rectangle of this size around a point (libcamera's `Size::centeredTo`)."""
        return Rectangle(center.x - self.width // 2, center.y - self.height // 2, self.width, self.height)


class Rectangle:
    """Integer rectangle; the arithmetic that picamera2's coordinate conversion uses."""

    def __init__(self, x: int = 0, y: int = 0, width: int = 0, height: int = 0) -> None:
        self.x, self.y, self.width, self.height = int(x), int(y), int(width), int(height)

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def topLeft(self) -> "Point":  # noqa: N802 (libcamera's name)
        return Point(self.x, self.y)

    @property
    def center(self) -> "Point":
        return Point(self.x + self.width // 2, self.y + self.height // 2)

    def enclosed_in(self, boundary: "Rectangle") -> "Rectangle":
        """Moved, and shrunk, into a boundary (libcamera's `Rectangle::enclosedIn`)."""
        width, height = min(self.width, boundary.width), min(self.height, boundary.height)
        left = min(max(self.x, boundary.x), boundary.x + boundary.width - width)
        top = min(max(self.y, boundary.y), boundary.y + boundary.height - height)
        return Rectangle(left, top, width, height)

    def scaled_by(self, numerator: Size, denominator: Size) -> "Rectangle":
        across, down = numerator.width / denominator.width, numerator.height / denominator.height
        return Rectangle(self.x * across, self.y * down, self.width * across, self.height * down)

    def bounded_to(self, other: "Rectangle") -> "Rectangle":
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Rectangle(left, top, max(0, right - left), max(0, bottom - top))

    def translated_by(self, point: "Point") -> "Rectangle":
        return Rectangle(self.x + point.x, self.y + point.y, self.width, self.height)


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def __neg__(self) -> "Point":
        return Point(-self.x, -self.y)


class Transform:
    def __init__(self, hflip: int = 0, vflip: int = 0, transpose: int = 0) -> None:
        self.hflip, self.vflip, self.transpose = hflip, vflip, transpose

    def __str__(self) -> str:
        return f"transform {self.hflip} {self.vflip} {self.transpose}"

    def __hash__(self) -> int:
        return hash((self.hflip, self.vflip, self.transpose))


class ColorSpace:
    YcbcrEncoding = Enum("YcbcrEncoding", ["Null", "Rec601"])
    Range = Enum("Range", ["Full", "Limited"])

    def __init__(self, other: "ColorSpace | str") -> None:
        self.primaries = other if isinstance(other, str) else other.primaries
        self.transferFunction = self.primaries
        self.ycbcrEncoding, self.range = ColorSpace.YcbcrEncoding.Rec601, ColorSpace.Range.Limited

    def __str__(self) -> str:
        return str(self.primaries)

    def __hash__(self) -> int:
        return hash(self.primaries)

    Sycc = staticmethod(lambda: ColorSpace("sycc"))
    Smpte170m = staticmethod(lambda: ColorSpace("smpte170m"))
    Rec709 = staticmethod(lambda: ColorSpace("rec709"))
    Raw = staticmethod(lambda: ColorSpace("raw"))


class PixelFormat:
    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return self._name


class ControlId:
    def __init__(self, name: str, kind: ControlType = ControlType.Integer) -> None:
        self.name, self.type = name, kind


class _Controls(ModuleType):
    """Control ids by name, each made once."""

    def __getattr__(self, name: str) -> ControlId:
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, ControlId(name))
        return self.__dict__[name]


class StreamConfiguration:
    def __init__(self, role: str) -> None:
        self.role, self.stream = role, object()
        self.size, self.pixel_format, self.buffer_count, self.stride = Size(), PixelFormat("RGB888"), 4, 0
        self.color_space: Any = None
        sizes = [Size(2028, 1520), Size(4056, 3040)]
        self.formats = SimpleNamespace(pixel_formats=[PixelFormat("SRGGB10_CSI2P")], sizes=lambda _format: sizes)

    @property
    def frame_size(self) -> int:
        return self.stride * self.size.height


class CameraConfiguration(list):
    Status = Enum("Status", ["Valid", "Adjusted", "Invalid"])
    orientation: Any = None
    sensor_config: Any = None

    def at(self, index: int) -> StreamConfiguration:
        return self[index]

    def validate(self) -> Any:
        for each in self:
            # The ISP pads lines to 64 bytes.
            each.stride = -(-each.size.width * 3 // 64) * 64
        return CameraConfiguration.Status.Valid


class Request:
    Status = Status

    def __init__(self, cookie: int) -> None:
        self.cookie, self.buffers, self.metadata, self.controls = cookie, {}, {}, {}
        self.status = Status.Pending

    def add_buffer(self, stream: object, buffer: Any) -> None:
        self.buffers[stream] = buffer

    def reuse(self) -> None:
        self.metadata, self.status = {}, Status.Pending

    def set_control(self, control: ControlId, value: Any) -> None:
        self.controls[control.name] = value


class Camera:
    """One camera, whose frames come when a test says so."""

    def __init__(self, world: "World", model: str) -> None:
        self._world, self.id = world, "/base/soc/i2c0mux/i2c@1/imx500@1a"
        controls = world.controls
        self.properties = {ControlId("Model"): model, ControlId("ColorFilterArrangement"): 0}
        limits = {"FrameDurationLimits": (25000, 10**6, 33333), "ExposureTime": (50, 66000, 10000),
                  "AnalogueGain": (1.0, 22.0, 1.0), "AwbEnable": (False, True, True), "ColourGains": (0.0, 32.0, 1.0),
                  "NoiseReductionMode": (0, 4, 0)}  # fmt: skip
        self.controls = {
            getattr(controls, name): SimpleNamespace(min=low, max=high, default=default)
            for name, (low, high, default) in limits.items()
        }
        self.queued: list[Request] = []
        self.started_with: dict[str, Any] = {}
        self.running = False

    def acquire(self) -> None:
        self._world.log.append("acquire")

    def release(self) -> None:
        self._world.log.append("release")

    def generate_configuration(self, roles: list[str]) -> CameraConfiguration:
        return CameraConfiguration(StreamConfiguration(role) for role in roles)

    def configure(self, configuration: CameraConfiguration) -> int:
        self._world.configuration = configuration
        return 0

    def create_request(self, cookie: int) -> Request:
        return Request(cookie)

    def start(self, controls: dict[ControlId, Any]) -> None:
        self.started_with = {control.name: value for control, value in controls.items()}
        self.running = True
        self._world.log.append("start")

    def stop(self) -> None:
        self.running = False
        self.queued.clear()
        self._world.log.append("stop")

    def queue_request(self, request: Request) -> None:
        with self._world.lock:
            self.queued.append(request)

    def deliver(self, image: np.ndarray, **metadata: Any) -> bool:
        """Complete the oldest queued request with a picture; False where none is queued."""
        with self._world.lock:
            if not (self.running and self.queued):
                return False
            request = self.queued.pop(0)
            buffer = next(iter(request.buffers.values()))
            stride = self._world.configuration[0].stride
            rows = np.frombuffer(buffer.memory, np.uint8).reshape(-1, stride)
            rows[: image.shape[0], : image.shape[1] * 3] = image.reshape(image.shape[0], -1)
            request.metadata = {ControlId(name): value for name, value in metadata.items()}
            request.status = Status.Complete
            self._world.ready.append(request)
        os.write(self._world.event_w, b"\0")
        return True


class World:
    """The camera manager's state."""

    def __init__(self, model: str = "imx500") -> None:
        self.lock = threading.Lock()
        self.log: list[str] = []
        self.ready: list[Request] = []
        self.event_r, self.event_w = os.pipe()
        os.set_blocking(self.event_r, False)
        self.controls = _Controls("libcamera.controls")
        self.controls.draft = SimpleNamespace(NoiseReductionModeEnum=SimpleNamespace(Fast=1, Minimal=2, HighQuality=3))
        self.configuration: Any = None
        self.camera = Camera(self, model)
        self.manager = SimpleNamespace(
            cameras=[self.camera], event_fd=self.event_r, get_ready_requests=self._ready_requests
        )

    def close(self) -> None:
        os.close(self.event_r)
        os.close(self.event_w)

    def _ready_requests(self) -> list[Request]:
        with self.lock:
            with contextlib.suppress(BlockingIOError):
                os.read(self.event_r, 4096)
            ready, self.ready = self.ready, []
            return ready


class Buffer:
    """A frame buffer in ordinary memory."""

    def __init__(self, size: int) -> None:
        self.memory = mmap.mmap(-1, size)
        self.metadata = SimpleNamespace(status=FrameStatus.Success)


class MemoryAllocator:
    """In place of picamera2's allocator on the DMA heap, and counts what is held."""

    class Sync:
        def __init__(self, allocator: "MemoryAllocator", buffer: Buffer, write: bool) -> None:
            self._buffer = buffer

        def __enter__(self) -> mmap.mmap:
            return self._buffer.memory

        def __exit__(self, *args: object) -> None:
            pass

    def __init__(self) -> None:
        self.sync, self.held, self.mapped_buffers = MemoryAllocator.Sync, 0, {}

    def allocate(self, configuration: CameraConfiguration, use_case: str | None) -> None:
        self._buffers = {
            each.stream: [Buffer(max(1, each.frame_size)) for _ in range(each.buffer_count)] for each in configuration
        }

    def buffers(self, stream: object) -> list[Buffer]:
        return self._buffers[stream]

    def acquire(self, buffers: dict) -> None:
        self.held += 1

    def release(self, buffers: dict) -> None:
        self.held -= 1

    def close(self) -> None:
        pass


class _Attributes(type):
    def __getattr__(cls, name: str) -> int:
        if name.startswith("__"):
            raise AttributeError(name)
        return 0


class _Nothing(metaclass=_Attributes):
    """Takes anything, is nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __int__(self) -> int:
        return 0


class _Anything(ModuleType):
    """A module that this test does not reach into: every name in it is an empty class."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing


UNUSED = ("prctl", "pykms", "simplejpeg", "piexif", "pidng", "pidng.camdefs", "pidng.core", "av", "libarchive",
          "libarchive.read", "OpenEXR", "Imath", "videodev2", "tqdm")  # fmt: skip


def modules(world: World) -> dict[str, ModuleType]:
    """libcamera, and the packages of picamera2 that have nothing to do with frames, where they are not installed."""
    libcamera = ModuleType("libcamera")
    roles = SimpleNamespace(StillCapture="still", Raw="raw", VideoRecording="video", Viewfinder="viewfinder")
    orientations = ["Rotate0", "Rotate0Mirror", "Rotate180", "Rotate180Mirror", "Rotate90", "Rotate90Mirror",
                    "Rotate270", "Rotate270Mirror"]  # fmt: skip
    libcamera.__dict__.update(
        Size=Size, Rectangle=Rectangle, Transform=Transform, ColorSpace=ColorSpace, PixelFormat=PixelFormat,
        ControlType=ControlType, Request=Request, CameraConfiguration=CameraConfiguration, StreamRole=roles,
        FrameMetadata=SimpleNamespace(Status=FrameStatus), Orientation=Enum("Orientation", orientations),
        SensorConfiguration=SimpleNamespace, FrameBuffer=Buffer, Camera=Camera, controls=world.controls,
        properties=_Controls("properties"), CameraManager=SimpleNamespace(singleton=lambda: world.manager),
    )  # fmt: skip
    # The real library has this name, and picamera2 reads it.
    libcamera._libcamera = SimpleNamespace(ColorSpace=ColorSpace, Transform=Transform)  # noqa: SLF001
    found = {"libcamera": libcamera, "libcamera.controls": world.controls}
    return found | {name: _Anything(name) for name in UNUSED if name not in sys.modules}
