"""Detection in pictures that wait until they are searched: photos, recordings."""

from dataclasses import replace

from edge.detection.cards import CardDetector
from edge.detection.following.known import to_correct
from edge.frame import Detection, Frame
from edge.geometry import Image, Quad


class StillDetector:
    """Searches each picture once, however many frames show it."""

    def __init__(self, detector: CardDetector) -> None:
        """Search with `detector`."""
        self._detector = detector
        self._image: Image | None = None
        self._detections: tuple[Detection, ...] = ()

    def detect(self, frame: Frame) -> tuple[Detection, ...]:
        """The cards in a frame, best first; a picture that is shown again is the same object."""
        if frame.image is not self._image:
            self._detections = self._detector.detect(frame.image)
            self._image = frame.image
        return self._detections

    def correct(self, found: Quad, better: Quad) -> bool:
        """Say which outline a card has instead of the one that was found; whether it is known."""
        known = to_correct([each.quad for each in self._detections], found, better)
        if known is None:
            return False
        card = replace(self._detections[known], quad=better)
        self._detections = (*self._detections[:known], card, *self._detections[known + 1 :])
        return True
