"""What `card-scanner identify` says of a photo, as JSON."""

from enum import StrEnum

from pydantic import Field

from edge.wire.centering import CenteringReport
from edge.wire.messages import MatchMessage
from edge.wire.model import WireModel


class CardStatus(StrEnum):
    """What one photo says of a card."""

    CONFIRMED = "confirmed"
    CANDIDATE = "candidate"
    UNKNOWN = "unknown"


class CardResult(WireModel):
    """One card of a photo."""

    corners: list[tuple[float, float]] = Field(
        min_length=4, max_length=4, description="photo pixels, clockwise; from the card's own top-left once recognised"
    )
    status: CardStatus
    card_id: str | None = Field(description="null for an unknown card")
    distance: float | None = Field(description="cosine distance of the first match; null when the database is empty")
    probability: float | None = Field(
        ge=0, le=1, description="of the first match; null where the database is uncalibrated"
    )
    none_of_these: float | None = Field(
        ge=0, le=1, description="probability that it is none of the matches; null likewise"
    )
    matches: list[MatchMessage] = Field(description="the answer first, then the others by distance")
    printings: list[str] = Field(description="the cards between which nothing decides; empty where one is")
    printings_reason: str | None = Field(description="why nothing decides between them")
    centering: CenteringReport | None = Field(description="null where it was not measured")


class PhotoResult(WireModel):
    """What `card-scanner identify` says of one photo."""

    image: str = Field(description="the photo's path, as it was given")
    width: int = Field(gt=0, description="of the photo in pixels, turned as its EXIF orientation says")
    height: int = Field(gt=0)
    calibrated: bool = Field(description="whether the database is; else nothing is confirmed")
    cards: list[CardResult]
