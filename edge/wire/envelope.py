"""What every message says beside its own subject: which scanner, which run of it, when, and its number."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from edge.wire.model import WireModel

PROTOCOL_VERSION: Literal[2] = 2


class Topic(StrEnum):
    """Topics that messages are published under."""

    APPEARED = "card.appeared"
    UPDATED = "card.updated"
    CONFIRMED = "card.confirmed"
    UNKNOWN = "card.unknown"
    LEFT = "card.left"
    HEALTH = "health"


class Envelope(WireModel):
    """What every message says; where there is no frame yet, the four fields of the frame are null."""

    protocol: Literal[2] = Field(default=PROTOCOL_VERSION, description="version of this protocol")
    topic: Topic
    device: str = Field(min_length=1, description="the scanner: publish.device, else made from the machine's id")
    session: str = Field(min_length=1, description="one run of the scanner, from its start to its end")
    sequence: int = Field(
        ge=0, description="counts the messages of this topic in this session from 0; a gap means lost messages"
    )
    published_at: str = Field(description="UTC, ISO 8601")
    captured_at: str | None = Field(default=None, description="when the frame was captured, UTC, ISO 8601")
    frame_id: int | None = Field(default=None, ge=0, description="the newest frame that was looked at")
    frame_timestamp_ns: int | None = Field(default=None, description="its capture time on the monotonic clock")
    frame_width: int | None = Field(default=None, gt=0, description="its size in pixels, which corners are in")
    frame_height: int | None = Field(default=None, gt=0)
    degraded: list[str] = Field(default=[], description="what works less well than it should; empty is good")
