"""A ring of frames in memory shared by two processes: the newest frame wins, the writer never waits."""

import mmap
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame
from edge.geometry import Image

SLOTS = 4
_HEADER_INTS = 4
_WRITING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class RingLayout:
    """The shape of the frames in a ring."""

    width: int
    height: int

    @property
    def header_bytes(self) -> int:
        """Size of the table of slots: frame id, capture time and count of frames written, for each slot."""
        return SLOTS * _HEADER_INTS * 8

    @property
    def frame_bytes(self) -> int:
        """Size of one frame."""
        return self.width * self.height * 3

    @property
    def total_bytes(self) -> int:
        """Size of the whole ring."""
        return self.header_bytes + SLOTS * self.frame_bytes


class FrameRing:
    """Frames in an anonymous memory file that has no name and so cannot be left behind."""

    def __init__(self, layout: RingLayout, descriptor: int) -> None:
        """Map a memory file of `layout.total_bytes`; the descriptor may be closed afterwards."""
        self._memory = mmap.mmap(descriptor, layout.total_bytes)
        self._header: NDArray[np.int64] = np.frombuffer(
            self._memory, dtype=np.int64, count=SLOTS * _HEADER_INTS
        ).reshape(SLOTS, _HEADER_INTS)
        pixels = np.frombuffer(self._memory, dtype=np.uint8, offset=layout.header_bytes)
        self._slots: NDArray[np.uint8] = pixels.reshape(SLOTS, layout.height, layout.width, 3)
        self._written = 0

    def next_slot(self) -> Image:
        """The oldest slot, to be drawn into before `publish`."""
        slot = self._written % SLOTS
        self._header[slot, 2] = _WRITING
        return np.asarray(self._slots[slot])

    def publish(self, frame_id: int, timestamp_ns: int) -> None:
        """Make the slot of `next_slot` the newest frame."""
        slot = self._written % SLOTS
        self._written += 1
        self._header[slot, :2] = frame_id, timestamp_ns
        self._header[slot, 2] = self._written

    def newest(self, after: int) -> Frame | None:
        """A copy of the newest frame whose id is above `after`, or None; a frame overwritten meanwhile is not given."""
        for _ in range(SLOTS):
            slot = int(np.argmax(self._header[:, 2]))
            frame_id, timestamp_ns, count = (int(value) for value in self._header[slot, :3])
            if count <= 0 or frame_id <= after:
                return None
            image = self._slots[slot].copy()
            if int(self._header[slot, 2]) == count:
                return Frame(frame_id=frame_id, timestamp_ns=timestamp_ns, image=image)
        return None

    def close(self) -> None:
        """Give the mapping back."""
        del self._header, self._slots
        self._memory.close()


def anonymous_memory(layout: RingLayout) -> int:
    """The descriptor of a new memory file for a ring; its memory is freed when the last process lets go of it."""
    descriptor = os.memfd_create("card-scanner-frames")
    os.truncate(descriptor, layout.total_bytes)
    return descriptor
