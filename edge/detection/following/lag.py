"""Measures how many frames the sensor's boxes lag behind the image that they are delivered with."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.frame import Detection
from edge.geometry import SAME_CARD_IOU, Quad, bounding_box, box_iou

# physics: frames that a network on the sensor may take: 100 ms at 30 frames/s.
MAX_LAG = 3
# geometry: the way in so many frames, over which one frame is told from the next: 4 pixels each.
MIN_MOTION_PX = 12.0
# numerics: of four lags that are equally likely, none has 60 % of 60 votes by chance (binomial: less than 1 in 10^7).
MIN_OBSERVATIONS = 60
MIN_SHARE = 0.6


class LagMeter:
    """Compares boxes with the outlines that were found in the newest frames, while a card moves.

    The outlines are found in the images themselves. Where a card moves, the frame in which its outline fits the box is
    the one that the box was computed from.
    """

    def __init__(self) -> None:
        """Start without observations."""
        self._outlines: deque[tuple[Quad, ...]] = deque(maxlen=MAX_LAG + 1)
        self._votes = np.zeros(MAX_LAG + 1, dtype=np.int64)

    @property
    def lag_frames(self) -> int | None:
        """The lag that most observations speak for; None while there are too few, or they disagree."""
        total = int(self._votes.sum())
        best = int(self._votes.argmax())
        return best if total >= MIN_OBSERVATIONS and self._votes[best] >= MIN_SHARE * total else None

    def add(self, detections: Sequence[Detection], boxes: Callable[[], NDArray[np.float64]]) -> None:
        """Take in one frame.

        Args:
            detections: outlines found in this frame's image.
            boxes: float64 [N, 4] left, top, right, bottom that came with this frame, in pixels; only asked for while a
                card moves and the lag is not known.
        """
        self._outlines.appendleft(tuple(detection.quad for detection in detections))
        if len(self._outlines) <= MAX_LAG or self.lag_frames is not None:
            return
        paths = [path for path in map(self._path, self._outlines[0]) if path is not None]
        if not paths:
            return
        seen = boxes()
        for path in paths if len(seen) else ():
            self._observe(path, seen)

    def _path(self, quad: Quad) -> list[NDArray[np.float64]] | None:
        """The boxes around a card in the newest frames, newest first; None unless it moved all the while."""
        path = [min(outlines, key=lambda other: _distance(quad, other), default=None) for outlines in self._outlines]
        seen = [bounding_box(other) for other in path if other is not None]
        if len(seen) <= MAX_LAG or min(_shift(seen[k], seen[k + 1]) for k in range(MAX_LAG)) < MIN_MOTION_PX / MAX_LAG:
            return None
        return seen

    def _observe(self, seen: list[NDArray[np.float64]], boxes: NDArray[np.float64]) -> None:
        box = boxes[int(np.argmax([max(box_iou(box, np.array(seen))) for box in boxes]))]
        if box_iou(box, np.array(seen)).max() > SAME_CARD_IOU:
            self._votes[int(np.argmin([_shift(box, bounds) for bounds in seen]))] += 1


def _distance(first: Quad, second: Quad) -> float:
    return float(np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)))


def _shift(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """How far apart the centres of two boxes are, in pixels."""
    return float(np.linalg.norm((first[:2] + first[2:] - second[:2] - second[2:]) / 2))
