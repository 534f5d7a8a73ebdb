"""The cards in a frame, as a detector finds them."""

from typing import Protocol

from edge.detection.following.failures import SearchFailures
from edge.frame import Detection, Frame
from edge.geometry import Quad


class Detector(Protocol):
    """Finds the cards in one frame after the other."""

    def detect(self, frame: Frame) -> tuple[Detection, ...]:
        """Detections, best first."""
        ...

    def correct(self, found: Quad, better: Quad) -> bool:
        """Say which outline a card has in the newest frame instead of the one that was found; whether it is known."""
        ...


def detections_of(frame: Frame, detector: Detector, failures: SearchFailures) -> tuple[Detection, ...] | None:
    """What is seen in a frame; None where the detector failed, which says nothing about what is there.

    Args:
        frame: the next one.
        detector: finds the cards.
        failures: is told when the detector fails.
    """
    try:
        return detector.detect(frame)
    except Exception as failure:  # noqa: BLE001 (whatever it is, the source is sound and the next frame may do)
        failures.add(failure)
        return None
