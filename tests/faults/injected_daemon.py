"""The real daemon, with faults below it that another process switches on and off while it runs.

    python -m tests.faults.injected_daemon FOLDER run --config FILE

What the file FOLDER/source says befalls the source of frames ("stall", "gone"), what FOLDER/npu says the simulated
accelerator ("raise", "hang", "gone"); empty: nothing. Which frame of the bench was delivered when is written to
FOLDER/frames, for the truth about it.
"""

import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

import numpy as np

import edge.service.daemon
from edge.cli import main
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import SourceError
from edge.frame import Frame
from edge.settings.settings import Settings
from edge.sources import FrameSource
from edge.sources.demo import DemoSource
from tests.hardware import hailo_stand_in

POLL_S = 0.01
# Smaller than the bench is by itself, so that a busy machine keeps up.
FRAME_SIZE = (960, 960)
REAL_MODEL = Path(__file__).resolve().parents[2] / "models" / "demo.onnx"


class Fault:
    """What a file says at present; opened once, so that it can be read when no descriptor is left."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)

    def __call__(self) -> str:
        return os.pread(self._descriptor, 64, 0).decode().strip()


class FaultySource:
    """A source whose cable somebody pulls."""

    live = True
    stills = False
    gives_boxes = False

    def __init__(self, inner: FrameSource, fault: Fault, frames: TextIO) -> None:
        self.name = inner.name
        self._inner, self._fault, self._frames = inner, fault, frames
        self._closed = False

    def read(self) -> Frame | None:
        while self._fault() == "stall" and not self._closed:
            time.sleep(POLL_S)
        if self._fault() == "gone":
            raise SourceError("the camera gives no more frames; is it still plugged in?")
        frame = self._inner.read()
        if frame is not None:
            self._frames.write(f"{frame.timestamp_ns} {frame.frame_id}\n")
        return frame

    def close(self) -> None:
        self._closed = True
        self._inner.close()


def faulty_source(folder: Path):
    fault = Fault(folder / "source")
    frames = (folder / "frames").open("a", buffering=1)

    def opened(settings: Settings) -> FaultySource:
        if fault() == "gone":
            raise SourceError("there is no camera")
        return FaultySource(DemoSource(settings.source, FRAME_SIZE), fault, frames)

    return opened


def install_accelerator(fault: Fault) -> None:
    """A simulated Hailo-8 that computes the demo model, rounded as an 8-bit output is."""
    float_model = OnnxEmbedder(REAL_MODEL)

    def compute(pixels: np.ndarray) -> np.ndarray:
        while fault() == "hang":
            time.sleep(POLL_S)
        if fault() == "raise":
            raise hailo.HailoRTException("libhailort failed with error: 8 (HAILO_INTERNAL_FAILURE)")
        (embedding,) = float_model.run(pixels.transpose(2, 0, 1)[None].astype(np.float32))
        return 3 * np.round(embedding * 400) / 400

    size, dimension = float_model.manifest.preprocessing, float_model.manifest.dimension
    device = hailo_stand_in.Device(
        compute=compute, input_shape=(size.height, size.width, 3), output_shape=(1, 1, dimension)
    )
    hailo = sys.modules["hailo_platform"] = hailo_stand_in.stand_in(device)

    def follow() -> None:
        while True:
            device.present = fault() != "gone"
            time.sleep(POLL_S)

    threading.Thread(target=follow, daemon=True).start()


if __name__ == "__main__":
    folder = Path(sys.argv.pop(1))
    edge.service.daemon.open_for_daemon = faulty_source(folder)
    if (folder / "npu").exists():
        install_accelerator(Fault(folder / "npu"))
    sys.exit(main())
