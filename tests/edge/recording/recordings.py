"""Small recordings for tests."""

from pathlib import Path

import numpy as np

from edge.frame import CameraExposure, Frame
from edge.recording.format import RecordingHeader
from edge.recording.writing import RecordingWriter

START_NS = 5_000_000_000
UTC_NS = 1_900_000_000_000_000_000
TENTH_NS = 100_000_000


def header(**changes) -> RecordingHeader:
    values = {
        "program": "0.1.0", "machine": "x86_64", "device": "bench", "session": "0123456789abcdef", "source": "imx500",
        "gives_boxes": True, "fps": 10.0, "model_id": "thumbnail", "database": "tiny", "database_cards": 4,
        "settings": {"tracking": {"min_hits": 3}},
    }  # fmt: skip
    return RecordingHeader(**values | changes)


def frame(number: int, **changes) -> Frame:
    values = {
        "frame_id": 40 + 3 * number,
        "timestamp_ns": START_NS + number * TENTH_NS,
        "image": np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8),
        "boxes": np.array([[1.5, 2.0, 20.25, 18.0]]) if number % 2 else None,
        "stretch": number // 3,
        "exposure": CameraExposure(time_us=10_000, gain=2.5),
    }
    return Frame(**values | changes)


def write_recording(path: Path, frames: list[Frame], **changes) -> Path:
    """A whole recording of these frames, captured a tenth of a second after each other."""
    writer = RecordingWriter(path, header(**changes))
    for each in frames:
        writer.add_frame(each, UTC_NS + each.timestamp_ns - START_NS)
    writer.finish("it was ended", 0)
    writer.close()
    return path
