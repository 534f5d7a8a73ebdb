"""The cards in a frame: as the sensor itself has seen them, or as a detector finds them."""

from typing import Protocol

from edge.detection.following.failures import SearchFailures
from edge.errors import SourceError
from edge.frame import Detection, Frame
from edge.geometry import Image


class Detector(Protocol):
    """Finds the cards in a frame."""

    def detect(self, image: Image) -> tuple[Detection, ...]:
        """Detections in uint8 [H, W, 3] BGR, best first."""
        ...


def detections_of(frame: Frame, detector: Detector | None, failures: SearchFailures) -> tuple[Detection, ...] | None:
    """What is seen in a frame; None where the detector failed, which says nothing about what is there.

    Args:
        frame: with the detections of a source that detects by itself, or without any.
        detector: for a frame without; None for a source that detects by itself.
        failures: is told when the detector fails.

    Raises:
        SourceError: if the frame lacks the detections of a source that detects by itself.
    """
    if frame.detections is not None:
        return frame.detections
    if detector is None:
        raise SourceError(f"frame {frame.frame_id} came without detections from a source that detects by itself")
    try:
        return detector.detect(frame.image)
    except Exception as failure:  # noqa: BLE001 (whatever it is, the source is sound and the next frame may do)
        failures.add(failure)
        return None
