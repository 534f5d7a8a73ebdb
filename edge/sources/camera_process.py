"""The process in which a camera of the Raspberry Pi is: what its library freezes, freezes nothing else.

Started by `edge.sources.apart`; it ends when its parent closes the pipe or is gone.
"""

import argparse
import logging
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from edge.errors import ScannerError
from edge.frame import CameraExposure, Frame, OutlineMaps
from edge.health import Degradable, Recovering
from edge.settings.settings import Settings
from edge.sources import open_source
from edge.sources.base import FrameSource
from edge.sources.ring import FrameRing, RingLayout

_STATE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The camera streams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The camera cannot go on.

    Attributes:
        error: name of the class in `edge.errors`.
        sentence: what it says.
    """

    error: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How the camera is.

    Attributes:
        recoveries: what was done to bring it back -> how often.
        degraded: what works less well than it should.
    """

    recoveries: dict[str, int]
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What belongs to the frame of that id in the ring, as `edge.frame.Frame` has it."""

    frame_id: int
    boxes: NDArray[np.float64] | None
    outlines: OutlineMaps | None
    stretch: int
    exposure: CameraExposure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line for the log."""

    logger: str
    level: int
    sentence: str


Message = Opened | Failed | State | Seen | Said


def main() -> None:
    """Read the arguments, open the camera and hand over its frames until the parent is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("memory", "pipe", "width", "height"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    # The whole service gets these; the parent closes the pipe once it has no more use for the camera.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    settings = Settings.model_validate_json(sys.stdin.buffer.readline())
    ring = FrameRing(RingLayout(width=options.width, height=options.height), options.memory)
    os.close(options.memory)
    handing = Handing(Connection(options.pipe), ring)
    logging.basicConfig(level=logging.INFO, handlers=[_ToParent(handing)])
    handing.run(settings)


class Handing:
    """Hands the frames of a source over to the parent."""

    def __init__(self, pipe: Connection, ring: FrameRing) -> None:
        """Write pixels to the ring, and all else to the pipe."""
        self._pipe = pipe
        self._ring = ring
        self._sending = threading.Lock()

    def run(self, settings: Settings) -> None:
        """Open the camera and hand over frames; returns when the source or the parent has ended."""
        try:
            source = open_source(settings.source, settings.camera, settings.imx500)
            threading.Thread(target=self._watch, args=(source,), name="watch", daemon=True).start()
            self.send(Opened())
            while (frame := source.read()) is not None:
                self._hand_over(frame)
        except ScannerError as failure:
            self.send(Failed(error=type(failure).__name__, sentence=str(failure)))
        except BrokenPipeError:
            return

    def _hand_over(self, frame: Frame) -> None:
        np.copyto(self._ring.next_slot(), frame.image)
        self._ring.publish(frame.frame_id, frame.timestamp_ns)
        self.send(
            Seen(
                frame_id=frame.frame_id,
                boxes=frame.boxes,
                outlines=frame.outlines,
                stretch=frame.stretch,
                exposure=frame.exposure,
            )
        )

    def _watch(self, source: FrameSource) -> None:
        """Tell how the camera is, and close it once the parent has closed its end."""
        while not select.select([sys.stdin], [], [], _STATE_S)[0]:
            self.send(
                State(
                    recoveries=source.recoveries if isinstance(source, Recovering) else {},
                    degraded=source.degraded() if isinstance(source, Degradable) else (),
                )
            )
        source.close()

    def send(self, message: Message) -> None:
        """Tell the parent.

        Raises:
            BrokenPipeError: if it is gone.
        """
        with self._sending:
            self._pipe.send(message)


class _ToParent(logging.Handler):
    """Has the parent log what this process has to say."""

    def __init__(self, handing: Handing) -> None:
        super().__init__()
        self._handing = handing

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(BrokenPipeError):
            self._handing.send(Said(logger=record.name, level=record.levelno, sentence=self.format(record)))


if __name__ == "__main__":
    # Under this name its messages would be of another module than the parent's.
    from edge.sources.camera_process import main as run

    run()
