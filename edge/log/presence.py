"""Which scan a confirmation belongs to: one physical card is one scan, however often it is confirmed.

A card is the one that was confirmed before where its track says so, where the message names the earlier track that it
returned from, or where it lies in the place in which a card with its id lay when the scanner ended or its camera was
interrupted. The card's id alone never does: a second copy is another card.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from edge.geometry import SAME_PLACE_IOU, Quad, quad_iou
from edge.wire.centering import CenteringReport, MeasuredCentering
from edge.wire.messages import CardMessage

# chosen: a crash, an upgrade or a restart of the machine takes minutes; what lay there then is the same card after it.
RESTART = timedelta(minutes=10)
# geometry: many times the cards that lie in one frame.
_REMEMBERED = 256


@dataclass(slots=True, kw_only=True, eq=False)
class Lying:
    """A card that is logged, and where it lies.

    Attributes:
        scan: its row.
        session, track_id: under which it was seen last.
        card_id: that was confirmed.
        quad: its outline in pixels of the frame.
        shown_since: first frame since which the track has shown what it showed then; None before this session.
        centering: that is logged.
    """

    scan: int
    session: str
    track_id: int
    card_id: str
    quad: Quad
    shown_since: int | None = None
    centering: CenteringReport | None = field(default=None)


class Presence:
    """The cards that lie there or did a while ago. Used by one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with none; `clock` counts seconds."""
        self._clock = clock
        self._here: dict[int, Lying] = {}
        self._gone: OrderedDict[int, Lying] = OrderedDict()
        self._left_lying: list[tuple[float, Lying]] = []

    def of_track(self, track_id: int) -> Lying | None:
        """The card that a track which has not left was confirmed as last."""
        return self._here.get(track_id)

    def same_card(self, message: CardMessage, shown_since: int) -> Lying | None:
        """The logged card that a confirmation is of; None where it is another one.

        A verdict that changes while the track shows what it showed corrects the former one: it is the same card.
        """
        here = self._here.get(message.track_id)
        if here is not None and (here.card_id == message.card_id or here.shown_since == shown_since):
            return here
        earlier = None if message.returned is None else self._known(message.returned)
        if earlier is not None and earlier.card_id == message.card_id:
            return earlier
        return next((each for each in self.in_place(message) if each.card_id == message.card_id), None)

    def in_place(self, message: CardMessage) -> list[Lying]:
        """The cards that were left lying where this one is confirmed."""
        quad = quad_of(message)
        now = self._clock()
        lying = [each for until_s, each in self._left_lying if now <= until_s]
        return [each for each in lying if quad_iou(each.quad, quad) >= SAME_PLACE_IOU]

    def put(self, card: Lying) -> None:
        """A card lies there, under its present track."""
        self._here[card.track_id] = card

    def left(self, track_id: int) -> None:
        """A track has ended; its card may come back."""
        card = self._here.pop(track_id, None)
        if card is not None:
            self._gone[track_id] = card
            if len(self._gone) > _REMEMBERED:
                self._gone.popitem(last=False)

    def forget(self, track_ids: Iterable[int]) -> None:
        """What these tracks are is not in the log."""
        for track_id in track_ids:
            self._here.pop(track_id, None)

    def leave_lying(self, cards: Iterable[Lying]) -> None:
        """These were there when the scanner ended or its camera was interrupted; they may be there for a while."""
        until_s = self._clock() + RESTART.total_seconds()
        self._left_lying += [(until_s, card) for card in cards]

    def taken_away(self, cards: Iterable[Lying]) -> None:
        """Of those, these are accounted for."""
        gone = list(cards)
        self._left_lying = [(until_s, each) for until_s, each in self._left_lying if each not in gone]

    def _known(self, track_id: int) -> Lying | None:
        return self._here.get(track_id) or self._gone.get(track_id)


def quad_of(message: CardMessage) -> Quad:
    """The outline of a message's card, in pixels of the frame."""
    return np.asarray(message.corners, dtype=np.float64)


def is_better(new: CenteringReport | None, old: CenteringReport | None) -> bool:
    """Whether a centering measurement replaces the logged one: it has figures, and they are surer."""
    if new is None or new is old:
        return False
    if isinstance(new, MeasuredCentering) and isinstance(old, MeasuredCentering):
        return _uncertainty(new) < _uncertainty(old)
    return isinstance(new, MeasuredCentering) or old is None


def _uncertainty(centering: MeasuredCentering) -> float:
    """Standard uncertainties of both directions, in points, together."""
    return centering.left_right_std + centering.top_bottom_std
