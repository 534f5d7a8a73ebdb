"""What a source of frames delivers."""

from dataclasses import dataclass

from edge.geometry import Image, Quad


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detection:
    """A card outline in one frame.

    Attributes:
        quad: card quad [4, 2] in frame pixels (see `edge.geometry`).
        confidence: 0 to 1.
    """

    quad: Quad
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One frame of a source.

    Attributes:
        frame_id: counts up from 0 within one run of a source; a gap means frames that the source dropped.
        timestamp_ns: capture time on the monotonic clock (`time.monotonic_ns`).
        image: uint8 [height, width, 3], BGR. Shared, never written to.
        detections: what the sensor itself detected in this very image, or None where the sensor does not detect.
    """

    frame_id: int
    timestamp_ns: int
    image: Image
    detections: tuple[Detection, ...] | None = None
