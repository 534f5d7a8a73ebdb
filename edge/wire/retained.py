"""What was published and still holds: for whoever comes late, and for whoever has lost messages."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.wire.encoding import Message
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage, HealthMessage, TrackState

Parts = Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What holds at one moment.

    Attributes:
        sequences: topic -> sequence of its newest message; what comes with a greater one is newer than this.
        tracks: the newest message of every card in view, in the order of their appearance.
        health: the newest one; None before the first.
    """

    sequences: dict[str, int]
    tracks: list[CardMessage]
    health: HealthMessage | None


@dataclass(slots=True, kw_only=True)
class _Track:
    newest: CardMessage
    by_topic: dict[Topic, tuple[int, Parts]]


class Retained:
    """Holds the newest messages of each card in view and the newest health. Safe between threads."""

    def __init__(self) -> None:
        """Start with nothing published."""
        self._lock = threading.Lock()
        self._sequences: dict[str, int] = {}
        self._tracks: dict[int, _Track] = {}
        self._health: tuple[HealthMessage, Parts] | None = None
        self._count = 0

    def add(self, message: Message, parts: Parts) -> None:
        """Take in what is being published."""
        with self._lock:
            self._count += 1
            self._sequences[message.topic.value] = message.sequence
            if isinstance(message, HealthMessage):
                self._health = message, parts
            elif message.state is TrackState.NO_CARD:
                self._tracks.pop(message.track_id, None)
            else:
                self._add_card(message, parts)

    def health(self) -> Parts | None:
        """The newest health message."""
        with self._lock:
            return None if self._health is None else self._health[1]

    def matching(self, subscription: bytes) -> Parts | None:
        """What tells most of the present to whoever subscribes so: health, else the newest message of a card in view.

        What a card in view was told to be before it was thought something else is not among them.
        """
        prefix = subscription.decode(errors="replace")
        with self._lock:
            if self._health is not None and Topic.HEALTH.startswith(prefix):
                return self._health[1]
            told = max(self._matching_cards(prefix), default=None, key=lambda each: each[0])
            return None if told is None else told[1]

    def state(self) -> State:
        """What holds now."""
        with self._lock:
            return State(
                sequences=dict(self._sequences),
                tracks=[track.newest for track in self._tracks.values()],
                health=None if self._health is None else self._health[0],
            )

    def _add_card(self, message: CardMessage, parts: Parts) -> None:
        track = self._tracks.setdefault(message.track_id, _Track(newest=message, by_topic={}))
        if (track.newest.state, track.newest.card_id) != (message.state, message.card_id):
            track.by_topic.clear()
        track.newest = message
        track.by_topic[message.topic] = self._count, parts

    def _matching_cards(self, prefix: str) -> Iterator[tuple[int, Parts]]:
        for track in self._tracks.values():
            yield from (told for topic, told in track.by_topic.items() if topic.startswith(prefix))
