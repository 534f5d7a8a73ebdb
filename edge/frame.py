"""What a source of frames delivers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraExposure:
    """How a camera took a frame.

    Attributes:
        time_us: exposure time.
        gain: analogue gain.
    """

    time_us: int
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutlineMaps:
    """What the outline network says of a picture, as a sensor that runs it gives it (`edge.detection.networks.dense`).

    Attributes:
        logits: float32 [h, w], of a card's centre in each cell.
        log_distances: float32 [rays, h, w], logarithms of the way from each cell to its card's outline.
        region: left, top, width and height of what the network was shown, in pixels of the frame, from the edge of its
            first pixel; it may reach beyond the frame.
    """

    logits: NDArray[np.float32]
    log_distances: NDArray[np.float32]
    region: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One frame of a source.

    Attributes:
        frame_id: counts up from 0 within one run of a source; a gap means frames that the source dropped.
        timestamp_ns: capture time on the monotonic clock (`time.monotonic_ns`).
        image: uint8 [height, width, 3], BGR. Shared, never written to.
        boxes: where the sensor itself saw something in this very image, float64 [N, 4] left, top, right, bottom in its
            pixels; None where it gave nothing, which says nothing of what is there.
        outlines: what the sensor's own network says of card outlines in this very image; None where it said nothing.
        stretch: which continuous stretch of its source it belongs to; counts up at every break: a new photo, the seam
            of a loop, a camera that was opened anew. What was seen before says nothing of what is seen after.
        media_ns: its place in a recording, which need not play at the world's pace, or in a photo, where no time goes
            by; None where that is `timestamp_ns`.
        exposure: how it was taken; None where the source does not say.
    """

    frame_id: int
    timestamp_ns: int
    image: Image
    boxes: NDArray[np.float64] | None = None
    outlines: OutlineMaps | None = None
    stretch: int = 0
    media_ns: int | None = None
    exposure: CameraExposure | None = None

    @property
    def scene_ns(self) -> int:
        """When the scene was as the image shows it; only differences within one stretch mean anything."""
        return self.timestamp_ns if self.media_ns is None else self.media_ns
