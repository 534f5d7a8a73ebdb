"""Detection in pictures that wait until they are searched: photos, recordings."""

from edge.detection.cards import CardDetector
from edge.frame import Detection, Frame
from edge.geometry import Image


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
