"""What `card-scanner measure` says of a photo, as JSON."""

from pydantic import Field

from edge.wire.centering import CenteringReport, Point
from edge.wire.model import WireModel


class MeasuredCard(WireModel):
    """One card of a photo, with its centering or the reason why there is none."""

    corners: list[Point] = Field(min_length=4, max_length=4, description="clockwise, as they were measured")
    card_id: str | None = Field(description="null where it was not identified, and without --database")
    centering: CenteringReport


class MeasuredPhoto(WireModel):
    """What `card-scanner measure` says of one photo."""

    image: str = Field(description="the photo's path, as it was given")
    width: int = Field(gt=0, description="of the photo in pixels, turned as its EXIF orientation says")
    height: int = Field(gt=0)
    cards: list[MeasuredCard]
