"""A stand-in for `hailo_platform`: exceptions and status codes come from the recorded sources, the device is simulated.

What the adapter calls has the names and parameters of the published sources; `test_signatures.py` compares them.
"""

# Whole signatures are as published, used or not.
# ruff: noqa: ARG002, C901

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tests.hardware.holding import hold_lock

RECORD = json.loads(Path(__file__).with_name("signatures.json").read_text())


@dataclass
class Device:
    """The chip: what a test lets happen, and what was done to it.

    Attributes:
        compute: uint8 [H, W, 3] -> float32 [dimension].
        present: whether it answers.
        writes: whether it writes its output.
        opening_s: how long opening the device and configuring a model hold the interpreter's lock.
        waits_ms: time-outs that were given to jobs.
        faults: stage ("open", "load", "configure", "ready", "start", "job", "callback") -> status or exception names,
            one for each time that it happens; None for no fault this time.
    """

    compute: Callable[[np.ndarray], np.ndarray]
    input_shape: tuple[int, ...] = (224, 160, 3)
    output_shape: tuple[int, ...] = (1, 1, 420)
    queue: int = 8
    present: bool = True
    writes: bool = True
    opening_s: float = 0.0
    waits_ms: list[float] = field(default_factory=list)
    faults: dict[str, list[str | None]] = field(default_factory=dict)
    opened: int = 0
    released: int = 0
    configured: int = 0
    shutdowns: int = 0
    bindings: int = 0
    runs: list[int] = field(default_factory=list)
    params: Any = None
    formats: dict[str, Any] = field(default_factory=dict)
    callbacks: list[threading.Thread] = field(default_factory=list)


def stand_in(device: Device, version: str = "4.23.0") -> ModuleType:
    """The module, with one device."""
    recorded = RECORD["hailort"][version]
    module = ModuleType("hailo_platform")
    exceptions = _exceptions(recorded["exceptions"])
    module.HailoRTException = exceptions["HailoRTException"]
    module.HailoCommunicationClosedException = exceptions["HailoCommunicationClosedException"]
    module.FormatType = Enum("FormatType", ["AUTO", "UINT8", "UINT16", "FLOAT32"])
    module.HailoSchedulingAlgorithm = Enum("HailoSchedulingAlgorithm", ["NONE", "ROUND_ROBIN"])

    def fault(stage: str) -> None:
        pending = device.faults.get(stage, [])
        name = pending.pop(0) if pending else None
        if name is not None:
            raise status_exception(name, exceptions, recorded["status"])

    for name, kind in _classes(device, fault, exceptions, recorded["status"]).items():
        setattr(module, name, kind)
    return module


def status_exception(name: str, exceptions: dict[str, type[Exception]], status: dict[str, int]) -> Exception:
    """As `create_exception_from_status` decides: a class of its own, or one with the code in the text."""
    if name in exceptions:
        return exceptions[name]("Received a timeout" if name == "HailoRTTimeout" else "See hailort.log")
    return exceptions["HailoRTException"](f"libhailort failed with error: {status[name]} ({name})")


def _exceptions(recorded: dict[str, list[str]]) -> dict[str, type[Exception]]:
    made: dict[str, type[Exception]] = {"Exception": Exception}
    pending = dict(recorded)
    while pending:
        for name, bases in list(pending.items()):
            if all(base in made for base in bases):
                made[name] = type(name, tuple(made[base] for base in bases), {})
                del pending[name]
    return made


def _classes(device: Device, fault: Callable[[str], None], exceptions: dict, status: dict) -> dict[str, type]:
    class InferStream:
        def __init__(self, name: str, shape: tuple[int, ...]) -> None:
            self.name, self.shape = name, list(shape)

        def set_format_type(self, type: Any) -> None:  # noqa: A002
            device.formats[self.name] = type

    class BoundStream:
        """`hidden` is the binding's own buffer: what it holds is copied into the caller's array after every run."""

        def __init__(self) -> None:
            self.buffer: np.ndarray | None = None
            self.hidden = np.zeros(0, np.float32)

        def set_buffer(self, buffer: np.ndarray) -> None:
            if not buffer.flags.c_contiguous:
                raise exceptions["HailoRTException"]("Buffer must be C_CONTIGUOUS")
            assert buffer.flags.writeable
            self.buffer = buffer
            self.hidden = np.zeros_like(buffer)

        def get_buffer(self, tf_format: bool = False) -> np.ndarray:
            return self.buffer

    class Bindings:
        def __init__(self) -> None:
            self._streams = {"in": BoundStream(), "out": BoundStream()}

        def input(self, name: str = "") -> BoundStream:
            return self._streams[name or "in"]

        def output(self, name: str = "") -> BoundStream:
            return self._streams[name or "out"]

    class AsyncInferCompletionInfo:
        def __init__(self, exception: Exception | None) -> None:
            self._exception = exception

        @property
        def exception(self) -> Exception | None:
            return self._exception

    class AsyncInferJob:
        def __init__(self, job: threading.Event) -> None:
            self._job = job

        def wait(self, timeout_ms: float) -> None:
            device.waits_ms.append(timeout_ms)
            fault("job")
            if not self._job.wait(timeout_ms / 1000):
                raise exceptions["HailoRTTimeout"]("Received a timeout")

    class ConfiguredInferModel:
        def __init__(self) -> None:
            self._usable = True

        def __enter__(self) -> "ConfiguredInferModel":
            return self

        def __exit__(self, *args: object) -> None:
            self._usable = False

        def create_bindings(self, input_buffers: dict | None = None, output_buffers: dict | None = None) -> Bindings:
            bindings = Bindings()
            device.bindings += 1
            for name, buffer in (input_buffers or {}).items():
                bindings.input(name).set_buffer(buffer)
            for name, buffer in (output_buffers or {}).items():
                bindings.output(name).set_buffer(buffer)
            return bindings

        def wait_for_async_ready(self, timeout_ms: int = 1000, frames_count: int = 1) -> None:
            assert frames_count <= device.queue
            fault("ready")

        def run_async(self, bindings: list[Bindings], callback: Callable | None = None) -> AsyncInferJob:
            if not (self._usable and device.present):
                raise status_exception("HAILO_STREAM_ABORT", exceptions, status)
            try:
                fault("start")
            except exceptions["HailoRTException"]:
                self._usable = False  # "In case of an error, the pipeline will be shut down."
                raise
            done = threading.Event()
            thread = threading.Thread(target=self._work, args=(bindings, callback, done))
            device.callbacks.append(thread)
            thread.start()
            return AsyncInferJob(done)

        def get_async_queue_size(self) -> int:
            return device.queue

        def shutdown(self) -> None:
            device.shutdowns += 1
            hold_lock(10.0 if any(thread.is_alive() for thread in device.callbacks) else 0.0)
            self._usable = False

        def _work(self, bindings: list[Bindings], callback: Callable, done: threading.Event) -> None:
            failure = None
            try:
                fault("callback")
                for each in bindings:
                    output, values = each.output().get_buffer(), device.compute(each.input().get_buffer())
                    if device.writes:
                        each.output().hidden[...] = values.reshape(output.shape)
                    output[...] = each.output().hidden
                device.runs.append(len(bindings))
            except exceptions["HailoRTException"] as cause:
                failure = cause
            callback(completion_info=AsyncInferCompletionInfo(failure))
            done.set()

    class InferModel:
        def __init__(self) -> None:
            self._streams = (InferStream("in", device.input_shape), InferStream("out", device.output_shape))

        inputs = property(lambda self: [self._streams[0]])
        outputs = property(lambda self: [self._streams[1]])

        def input(self, name: str = "") -> InferStream:
            return self._streams[0]

        def output(self, name: str = "") -> InferStream:
            return self._streams[1]

        def set_batch_size(self, batch_size: int) -> None:
            assert batch_size > 0

        def configure(self) -> ConfiguredInferModel:
            hold_lock(device.opening_s)
            fault("configure")
            device.configured += 1
            return ConfiguredInferModel()

    class Params:
        scheduling_algorithm: Any = None
        group_id: str = "UNIQUE"

    class VDevice:
        def __init__(self, params: Params | None = None, *, device_ids: list[str] | None = None) -> None:
            hold_lock(device.opening_s)
            fault("open")
            if not device.present:
                raise status_exception("HAILO_OUT_OF_PHYSICAL_DEVICES", exceptions, status)
            if device.opened > device.released and params.group_id == "UNIQUE":
                raise status_exception("HAILO_DEVICE_IN_USE", exceptions, status)
            device.params = params
            device.opened += 1

        def __enter__(self) -> "VDevice":
            return self

        def __exit__(self, *args: object) -> bool:
            self.release()
            return False

        def release(self) -> None:
            device.released += 1

        @staticmethod
        def create_params() -> Params:
            return Params()

        def create_infer_model(self, hef_source: str, name: str = "") -> InferModel:
            assert isinstance(hef_source, str)
            fault("load")
            return InferModel()

    InferModel.InferStream = InferStream
    ConfiguredInferModel.Bindings = Bindings
    Bindings.InferStream = BoundStream
    return {
        "VDevice": VDevice,
        "InferModel": InferModel,
        "ConfiguredInferModel": ConfiguredInferModel,
        "AsyncInferJob": AsyncInferJob,
        "AsyncInferCompletionInfo": AsyncInferCompletionInfo,
    }
