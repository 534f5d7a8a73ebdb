"""The newest sharp views of cards that are not recognised, from which one may be learned."""

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence

from edge.database.learned_card import VIEWS
from edge.geometry import Quad, rotated_half_turn
from edge.imaging.rectification import rectify
from edge.pipeline.answers import Answer
from edge.recognition.learning import View

# physics: three views of 1 MB for each; a person lays down few cards at once that are not known.
_TRACKS = 4


class Views:
    """Keeps the views of the tracks that were looked at last. Safe between threads."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._by_track: OrderedDict[int, deque[View]] = OrderedDict()

    def add(self, answers: Sequence[Answer]) -> None:
        """Take in the newest answers.

        A card that is recognised is no more to be learned, and what lay in the place of another card before, which a
        blurred look shows as well as a sharp one, is not what lies there.
        """
        for answer in answers:
            crop = answer.crop
            wanted = not answer.recognition.sure
            view = _view(answer) if wanted and crop.sharp else None
            with self._lock:
                known = self._by_track.get(crop.track_id)
                if not wanted or (known and known[-1].shown_since < crop.shown_since):
                    self._by_track.pop(crop.track_id, None)
                if view is not None:
                    self._keep(crop.track_id, view)

    def of(self, track_id: int) -> tuple[View, ...]:
        """The newest views of a track, of what it shows now, oldest first."""
        with self._lock:
            return tuple(self._by_track.get(track_id, ()))

    def _keep(self, track_id: int, view: View) -> None:
        views = self._by_track.setdefault(track_id, deque(maxlen=VIEWS))
        if not views or view.shown_since == views[-1].shown_since:
            views.append(view)
        self._by_track.move_to_end(track_id)
        if len(self._by_track) > _TRACKS:
            self._by_track.popitem(last=False)


def _view(answer: Answer) -> View:
    crop = answer.crop
    card = rectify(crop.frame.image, _from_the_top(crop.quad))
    return View(card=card, sharpness=crop.sharpness, shown_since=crop.shown_since)


def _from_the_top(quad: Quad) -> Quad:
    """The outline from that of its two short sides which is higher in the picture."""
    lower = quad[:2, 1].mean() > quad[2:, 1].mean()
    return rotated_half_turn(quad) if lower else quad
