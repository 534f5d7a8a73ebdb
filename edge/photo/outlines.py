"""The cards of a single picture: what is not recognised at once is looked at again, also as the picture itself."""

from collections.abc import Iterator, Sequence

from edge.database.search import CardDatabase
from edge.detection import CardDetector, filling_quads
from edge.geometry import Image, Quad, of_one_place
from edge.imaging.rectification import rectify
from edge.recognition.outlines import NEARER, Sighting, better_outline, without_parts
from edge.recognition.recognizer import Recognizer


class OutlineReader:
    """Finds the cards of single pictures and recognises them."""

    def __init__(self, detector: CardDetector, recognizer: Recognizer, *, max_batch: int) -> None:
        """Put the parts together.

        Args:
            detector: finds outlines.
            recognizer: names what they show.
            max_batch: most cards that are rectified and embedded at once.
        """
        self._detector = detector
        self._recognizer = recognizer
        self._max_batch = max_batch

    @property
    def database(self) -> CardDatabase:
        """The gallery."""
        return self._recognizer.database

    def read(self, image: Image) -> list[Sighting]:
        """The cards of a picture.

        Args:
            image: uint8 [H, W, 3] BGR.

        Raises:
            InferenceError: if the model fails.
            DatabaseError: if the database fails.
        """
        seen = list(self._recognized(image, [detection.quad for detection in self._detector.detect(image)]))
        filling = None if any(each.recognition.sure for each in seen) else self._filling(image, seen)
        if filling is not None and filling.recognition.sure:
            return [filling]
        seen = [each if each.recognition.sure else self._reconsidered(image, each) for each in seen]
        if filling is not None and all(filling.distance < each.distance for each in seen):
            return [filling]
        return without_parts(seen)

    def _filling(self, image: Image, seen: Sequence[Sighting]) -> Sighting | None:
        """The picture itself as a card, where it may be one and is nearer to one than what was found in it."""
        whole = min(self._recognized(image, filling_quads(image)), key=lambda each: each.distance, default=None)
        if whole is None or not whole.recognition.named:
            return None
        return whole if all(whole.distance < each.distance - NEARER for each in seen) else None

    def _reconsidered(self, image: Image, first: Sighting) -> Sighting:
        """The nearest of the outlines that an undecided card may have, none of them a neighbour's."""
        near = self._detector.others(image, first.quad)
        here = [quad for quad in near if of_one_place(quad, first.quad)]
        return better_outline(first, self._recognized(image, here))

    def _recognized(self, image: Image, quads: Sequence[Quad]) -> Iterator[Sighting]:
        for start in range(0, len(quads), self._max_batch):
            batch = quads[start : start + self._max_batch]
            answers = self._recognizer.recognize([rectify(image, quad) for quad in batch])
            for quad, recognition in zip(batch, answers, strict=True):
                yield Sighting(quad=quad, recognition=recognition)
