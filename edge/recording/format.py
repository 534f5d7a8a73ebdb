"""What is in a recording, beside pixels.

recording.json            which scanner recorded it, with what (`RecordingHeader`)
frames/000000042.json     what is known of a frame (`RecordedFrame`)
frames/000000042.png      its pixels
messages/000000007.jsonl  what was published since the seventh of these, one message a line
...
end.json                  why it ends, and how many frames it left out (`RecordingEnd`)
"""

from typing import Any, Literal

from pydantic import Field

from edge.wire.model import WireModel

HEADER, END = "recording.json", "end.json"
FRAMES, MESSAGES = "frames/", "messages/"
_MAX_SIDE = 16_384
# Of years that a clock without a battery and a calendar program agree on: up to 2096.
_MAX_NS = 4 * 10**18
_MAX_COUNT = 2**53


class _Part(WireModel, allow_inf_nan=False):
    """A JSON file of a recording."""


class RecordingHeader(_Part):
    """Which scanner recorded, and what it recognised with."""

    recording: Literal[1] = Field(default=1, description="version of this form")
    program: str = Field(description="version of card-scanner")
    machine: str = Field(description="kind of its processor")
    device: str = Field(min_length=1, max_length=64)
    session: str = Field(min_length=1, max_length=64)
    source: str = Field(max_length=4096, description="that the frames came from")
    gives_boxes: bool = Field(description="whether frames come with boxes of the sensor's own network")
    fps: float = Field(gt=0, description="frames a second that were asked for")
    model_id: str
    database: str
    database_cards: int
    settings: dict[str, dict[str, Any]] = Field(description="section -> key -> value, of those that decide results")


class RecordedExposure(_Part):
    """How the camera took a frame."""

    time_us: int
    gain: float


class RecordedFrame(_Part):
    """What is known of a frame."""

    frame_id: int = Field(ge=0, le=_MAX_COUNT)
    timestamp_ns: int = Field(ge=0, le=_MAX_NS, description="capture time on the monotonic clock")
    captured_ns: int = Field(ge=0, le=_MAX_NS, description="the same since 1970, UTC")
    media_ns: int | None = Field(default=None, ge=0, le=_MAX_NS)
    stretch: int = Field(ge=0, le=_MAX_COUNT)
    width: int = Field(gt=0, le=_MAX_SIDE)
    height: int = Field(gt=0, le=_MAX_SIDE)
    boxes: list[tuple[float, float, float, float]] | None = Field(
        default=None, max_length=1000, description="of the sensor's own network: left, top, right, bottom"
    )
    exposure: RecordedExposure | None = None


class RecordingEnd(_Part):
    """How a recording ended that was not cut off."""

    reason: str
    frames: int
    left_out: int = Field(description="frames that were due and not recorded, as writing took too long")
