"""The commands of the control socket: what each takes and gives, and whether it is answered at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edge.errors import ErrorCode
from edge.wire.card_name import CardName
from edge.wire.envelope import PROTOCOL_VERSION
from edge.wire.messages import CardDetails, CardMessage, HealthMessage
from edge.wire.model import WireModel


class Request(BaseModel):
    """Base of what commands take besides their name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NothingMore(Request):
    """A command that takes nothing besides its name."""


class ReloadRequest(Request):
    """What `reload` takes."""

    settings: dict[str, dict[str, Any]] = Field(default={}, description="section -> key -> new value")


class SnapshotRequest(Request):
    """What `snapshot` takes."""

    path: Path | None = Field(default=None, description="new file, .png or .jpg; unset: the reply carries it")
    format: Literal["png", "jpg"] = Field(default="jpg", description="of the image that the reply carries")


class RecordRequest(Request):
    """What `record` takes."""

    path: Path | None = Field(default=None, description="new file, .tar; unset: named by the time")
    seconds: float = Field(default=30.0, gt=0, le=86_400, description="after which it ends")
    fps: float = Field(default=10.0, gt=0, le=240, description="frames recorded a second, as far as the disk keeps up")
    max_mb: int = Field(default=1000, ge=1, le=1_000_000, description="size at which it ends, in units of 1e6 bytes")


class LearnRequest(Request):
    """What `learn` takes."""

    name: CardName = Field(description="of the card in view")
    track_id: int | None = Field(default=None, ge=0, description="of the card; unset: of the one that is not known")


class LearnedRequest(Request):
    """What `learned` takes."""

    card_id: str | None = Field(default=None, description="whose views the reply carries; unset: all cards, without")


class ForgetRequest(Request):
    """What `forget` takes."""

    card_id: str = Field(description="of the learned card")


class Reply(WireModel):
    """Base of what commands give."""

    ok: Literal[True] = True
    protocol: Literal[2] = PROTOCOL_VERSION


class ErrorReply(WireModel):
    """What is given where a command fails, whichever it is."""

    ok: Literal[False] = False
    protocol: Literal[2] = PROTOCOL_VERSION
    code: ErrorCode = Field(description="for programs")
    error: str = Field(description="a sentence for people: what is wrong, and what to do")


class StatusReply(Reply):
    """Whether the scanner is paused, its settings, and how it is."""

    device: str
    session: str
    paused: bool
    settings: dict[str, dict[str, Any]] = Field(description="section -> key -> value")
    health: HealthMessage | None = Field(description="the newest one; null before the first")


class StateReply(Reply):
    """All that holds: for who comes late or has lost messages."""

    device: str
    session: str
    sequences: dict[str, int] = Field(
        description="topic -> sequence of its newest message; what comes with a greater one is newer than this reply"
    )
    tracks: list[CardMessage] = Field(description="the newest message of every card in view")
    health: HealthMessage | None = Field(description="the newest one; null before the first")


class PauseReply(Reply):
    """Whether the scanner is paused now."""

    paused: bool


class ReloadReply(Reply):
    """Which model and card database are in use now."""

    model_id: str
    database: str
    database_cards: int


class SnapshotReply(Reply):
    """The newest frame."""

    frame_id: int
    timestamp_ns: int
    path: str | None = Field(default=None, description="of the file that was written")
    format: Literal["png", "jpg"] | None = Field(default=None, description="of the image in this reply")
    image: str | None = Field(default=None, description="the file's bytes in base64")


class RecordingReply(Reply):
    """How far a recording is."""

    path: str = Field(description="of the file")
    frames: int = Field(description="that are in it")
    left_out: int = Field(description="frames that were due and came too fast for the disk")
    size_mb: float = Field(description="in units of 1e6 bytes")
    ended: str | None = Field(default=None, description="why it ended; null while it goes on")


class PreviewReply(Reply):
    """Where pictures are sent."""

    endpoint: str = Field(description="of the XPUB socket that sends them")


class LearnedCardReply(WireModel):
    """A learned card."""

    card_id: str
    learned_at: str = Field(description="UTC, ISO 8601")
    details: CardDetails = Field(description="as messages tell them; with the name that was typed")
    views: list[str] = Field(default=[], description="rectified cards, WebP in base64; where one card was asked for")


class LearnReply(Reply):
    """What was learned."""

    track_id: int
    card: LearnedCardReply


class LearnedReply(Reply):
    """The learned cards."""

    folder: str = Field(description="where they are kept")
    cards: list[LearnedCardReply] = Field(description="that are searched, or the one that was asked for")
    known: dict[str, str] = Field(
        default={}, description="not searched: learned card -> the database's card that it is"
    )
    faults: dict[str, str] = Field(default={}, description="what is kept and cannot be used -> why")


class ForgetReply(Reply):
    """What was forgotten."""

    card_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of one command.

    Attributes:
        request: what it takes besides its name.
        reply: what it gives.
        at_once: whether it only looks, so that it is answered while others work.
    """

    request: type[Request]
    reply: type[Reply]
    at_once: bool


COMMANDS: Mapping[str, Form] = {
    "status": Form(request=NothingMore, reply=StatusReply, at_once=True),
    "state": Form(request=NothingMore, reply=StateReply, at_once=True),
    "pause": Form(request=NothingMore, reply=PauseReply, at_once=True),
    "resume": Form(request=NothingMore, reply=PauseReply, at_once=True),
    "reload": Form(request=ReloadRequest, reply=ReloadReply, at_once=False),
    "preview": Form(request=NothingMore, reply=PreviewReply, at_once=True),
    "learn": Form(request=LearnRequest, reply=LearnReply, at_once=False),
    "learned": Form(request=LearnedRequest, reply=LearnedReply, at_once=False),
    "forget": Form(request=ForgetRequest, reply=ForgetReply, at_once=False),
    "snapshot": Form(request=SnapshotRequest, reply=SnapshotReply, at_once=False),
    "record": Form(request=RecordRequest, reply=RecordingReply, at_once=False),
    "recording": Form(request=NothingMore, reply=RecordingReply, at_once=True),
    "end_recording": Form(request=NothingMore, reply=RecordingReply, at_once=True),
}
"""Every command there is, by its name."""
