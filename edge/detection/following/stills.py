"""Detection in photos that are shown several times."""

from edge.detection.cards import CardDetector
from edge.frame import Detection
from edge.geometry import Image


class StillDetector:
    """Searches each photo once, however many frames show it."""

    def __init__(self, detector: CardDetector) -> None:
        """Search with `detector`."""
        self._detector = detector
        self._photo: Image | None = None
        self._detections: tuple[Detection, ...] = ()

    def detect(self, image: Image) -> tuple[Detection, ...]:
        """The cards in a frame.

        Args:
            image: uint8 [H, W, 3] BGR; a photo that is shown again is the same object.

        Returns:
            Best first.
        """
        if image is not self._photo:
            self._detections = self._detector.detect(image)
            self._photo = image
        return self._detections
