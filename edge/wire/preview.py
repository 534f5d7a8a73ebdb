"""Pictures for whoever looks on: what a frame shows, as JPEG, with the outlines that belong to that very frame.

A message has three parts: the topic, one JSON object in UTF-8, and the JPEG.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, ValidationError

from edge.errors import ProtocolError
from edge.settings.validation import first_fault
from edge.wire.envelope import PROTOCOL_VERSION
from edge.wire.model import WireModel

PREVIEW = b"preview"
"""The topic."""


class PreviewCard(WireModel):
    """Where a card lies in a picture."""

    track_id: int = Field(ge=0)
    corners: list[tuple[float, float]] = Field(
        min_length=4, max_length=4, description="clockwise, in pixels of the frame; the same corner stays first"
    )
    sharpness: float = Field(ge=0, description="variance of the Laplacian of the card at 160 x 224 pixels")


class Exposure(WireModel):
    """How light or dark a picture is."""

    mean: float = Field(ge=0, le=255, description="mean grey value")
    black: float = Field(ge=0, le=1, description="share of the pixels that are as dark as can be")
    white: float = Field(ge=0, le=1, description="share of the pixels that are as bright as can be")


class PreviewMessage(WireModel):
    """One picture."""

    protocol: Literal[2] = Field(default=PROTOCOL_VERSION, description="version of this protocol")
    session: str = Field(min_length=1, description="one run of the scanner, as in every other message")
    frame_id: int = Field(ge=0)
    frame_timestamp_ns: int = Field(description="capture time on the monotonic clock")
    frame_width: int = Field(gt=0, description="of the frame in pixels, which corners are in")
    frame_height: int = Field(gt=0)
    width: int = Field(gt=0, description="of the picture in pixels")
    height: int = Field(gt=0)
    cards: list[PreviewCard]
    exposure: Exposure


def encode_preview(message: PreviewMessage, jpeg: bytes) -> list[bytes]:
    """The parts of a message."""
    return [PREVIEW, message.model_dump_json().encode(), jpeg]


def decode_preview(parts: Sequence[bytes]) -> tuple[PreviewMessage, bytes]:
    """The message in these parts, and its JPEG.

    Raises:
        ProtocolError: if they are no such message of this protocol.
    """
    if len(parts) != 3 or parts[0] != PREVIEW:
        raise ProtocolError("what came is no picture of a card-scanner; is publish.preview the address of another one?")
    try:
        return PreviewMessage.model_validate_json(parts[1], extra="ignore"), parts[2]
    except ValidationError as cause:
        raise ProtocolError(
            f"a picture is not as protocol {PROTOCOL_VERSION} says: {first_fault(cause, 'it')}"
        ) from cause
