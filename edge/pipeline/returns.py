"""Which card came back: one with the same id, confirmed in the place where an earlier track lost it."""

from collections import deque
from dataclasses import dataclass

from edge.geometry import MOVED_IOU, SAME_PLACE_IOU, Quad, quad_iou

# geometry: more than the cards that lie beside each other in one frame.
MOST_PLACES = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Gone:
    track_id: int
    card_id: str
    quad: Quad


class GoneCards:
    """The confirmed cards that have left or were given up, at most `MOST_PLACES`, one for each place."""

    def __init__(self) -> None:
        """Start with none."""
        self._gone: deque[_Gone] = deque(maxlen=MOST_PLACES)

    def add(self, track_id: int, card_id: str, quad: Quad) -> None:
        """A confirmed card is no longer where it was."""
        self._clear_place(quad)
        self._gone.append(_Gone(track_id=track_id, card_id=card_id, quad=quad))

    def returned(self, track_id: int, card_id: str, quad: Quad) -> int | None:
        """The earlier track of a card that is confirmed now, if it lies as it lay; others there are forgotten."""
        earlier = [gone for gone in self._clear_place(quad) if gone.card_id == card_id and gone.track_id != track_id]
        return next((gone.track_id for gone in earlier if quad_iou(gone.quad, quad) >= MOVED_IOU), None)

    def clear(self) -> None:
        """Forget all; nothing that comes from now on continues what was."""
        self._gone.clear()

    def _clear_place(self, quad: Quad) -> list[_Gone]:
        there = [gone for gone in self._gone if quad_iou(gone.quad, quad) >= SAME_PLACE_IOU]
        for gone in there:
            self._gone.remove(gone)
        return there
