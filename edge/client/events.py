"""What a client tells."""

from dataclasses import dataclass

from edge.wire.encoding import Message
from edge.wire.messages import CardMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that is new to this client.

    Attributes:
        message: what it says.
        json: as it came over the wire.
        lost: messages that did not arrive, found since the message before was told.
    """

    message: Message
    json: str
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """All that is in view is known again: after the first message, after a loss, and after a restart.

    Attributes:
        device: of which scanner.
        tracks: the newest message of every card in view.
    """

    device: str
    tracks: tuple[CardMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """The scanner was started again: what was in view is forgotten."""

    device: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """Nothing has come for three times as long as the scanner takes to say how it is; told once in each silence."""

    silent_s: float


Event = Received | Recovered | Restarted | Silent
