"""What a subscriber knows of one scanner, from its messages and its state. Without sockets or clocks."""

from edge.wire.commands import StateReply
from edge.wire.encoding import Message
from edge.wire.messages import CardMessage, HealthMessage, TrackState


class Scanner:
    """One session of one scanner.

    Attributes:
        device: which scanner.
        session: which run of it.
        tracks: track id -> newest message of each card in view.
        health: the newest one; None before the first.
        wants_state: whether something was missed, so that `tracks` may be wrong until `recover`.
    """

    def __init__(self, device: str, session: str, *, asks: bool = True) -> None:
        """Begin with nothing known, and want the state.

        Args:
            device: which scanner.
            session: which run of it.
            asks: whether the state is asked for. Who does not ask knows what was published before the first message
                only from the scanner's answers to its subscriptions, which may come after a health that counts them.
        """
        self.device = device
        self.session = session
        self.tracks: dict[int, CardMessage] = {}
        self.health: HealthMessage | None = None
        self.wants_state = True
        self._asks = asks
        self._heard: dict[str, int] = {}
        self._received: dict[str, int] = {}
        self._recovered: dict[str, int] = {}
        self._since_asked: list[CardMessage] | None = None

    def lost(self, message: Message, expects: tuple[str, ...]) -> int | None:
        """Take in a message; how many it shows to be lost, None where it is known already.

        It is -1 where this one counted as lost, and has come after all.

        Args:
            message: of this session.
            expects: beginnings of the topics that are subscribed to.
        """
        if self._knows(message):
            return None
        before = self._heard.get(message.topic)
        if before is None or message.sequence > before:
            lost = 0 if before is None else message.sequence - before - 1
            self._heard[message.topic] = message.sequence
        else:
            lost = -1 if message.topic in self._received else 0
        self._received[message.topic] = message.sequence
        if isinstance(message, HealthMessage):
            lost += self._lost_elsewhere(message, expects)
            self.health = message
        else:
            if self._since_asked is not None:
                self._since_asked.append(message)
            self._apply(message)
        self.wants_state = self.wants_state or lost > 0
        return lost

    def asked(self) -> None:
        """Note that the state is being asked for: what comes from now on may be newer than the reply."""
        self.wants_state = False
        self._since_asked = []

    def not_answered(self) -> None:
        """Note that no reply comes."""
        self.wants_state = True
        self._since_asked = None

    def recover(self, state: StateReply) -> None:
        """Know what is in view from the reply, and from what came since it was asked for."""
        self._recovered = dict(state.sequences)
        self.tracks = {message.track_id: message for message in state.tracks}
        self.health = self.health or state.health
        for message in self._since_asked or ():
            self._apply(message)
        self._since_asked = None

    def _knows(self, message: Message) -> bool:
        known = self._heard if self._asks else self._received
        return message.sequence <= known.get(message.topic, -1)

    def _lost_elsewhere(self, health: HealthMessage, expects: tuple[str, ...]) -> int:
        """Messages of other topics that were published before `health`; of what came before the first, none is lost."""
        lost = 0
        for topic, newest in health.sequences.items():
            if topic == health.topic or not topic.startswith(expects):
                continue
            heard = self._heard.get(topic)
            if heard is None or newest > heard:
                self._heard[topic] = newest
                self.wants_state = self.wants_state or newest > self._recovered.get(topic, -1)
                lost += 0 if heard is None else newest - heard
        return lost

    def _apply(self, message: CardMessage) -> None:
        known = self.tracks.get(message.track_id)
        if message.sequence <= self._recovered.get(message.topic, -1) or (known is not None and _older(message, known)):
            return
        if message.state is TrackState.NO_CARD:
            self.tracks.pop(message.track_id, None)
        else:
            self.tracks[message.track_id] = message


def _older(message: CardMessage, known: CardMessage) -> bool:
    """Whether a message was published before another of its card: answers to subscriptions come in any order."""
    return (message.frame_timestamp_ns or 0) < (known.frame_timestamp_ns or 0)
