"""The wire protocol: what each topic carries, as pydantic models (JSON Schema and AsyncAPI come from them)."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from edge.wire.centering import CenteringReport
from edge.wire.envelope import Envelope, Topic
from edge.wire.model import WireModel


class TrackState(StrEnum):
    """States of one track's smoother."""

    NO_CARD = "no_card"
    DETECTING = "detecting"
    STABILIZING = "stabilizing"
    CONFIRMED = "confirmed"
    UNKNOWN_CARD = "unknown_card"


class MatchMessage(WireModel):
    """One card of the database, its cosine distance to the card in view, and how probable it is."""

    card_id: str
    distance: float
    probability: float | None = Field(
        default=None, ge=0, le=1, description="that it is this card; null where the database is uncalibrated"
    )


class CardDetails(WireModel):
    """What the database knows of a card."""

    name: str
    set_code: str
    set_name: str
    number: str
    rarity: str | None = None
    types: list[str] = Field(default=[])
    image_url: str | None = None
    language: str | None = Field(
        default=None,
        description="that it is printed in: ISO 639-1, of Chinese zh-Hans or zh-Hant; null where not known",
    )
    finishes: list[str] = Field(default=[], description="that it exists in, as the list of cards says them")
    product_ids: dict[str, str] = Field(
        default={},
        description="site -> its number of this card: tcgplayer, cardmarket, scryfall, manabox; tcgplayer_sku: with "
        "condition and printing as in the seller's list",
    )


class CardMessage(Envelope):
    """A card track appeared, changed, was confirmed, was refused or left."""

    captured_at: str = Field(description="when the frame was captured, UTC, ISO 8601")
    frame_id: int = Field(ge=0, description="the newest frame that was looked at")
    frame_timestamp_ns: int = Field(description="its capture time on the monotonic clock")
    frame_width: int = Field(gt=0, description="its size in pixels, which corners are in")
    frame_height: int = Field(gt=0)
    track_id: int = Field(ge=0)
    state: TrackState
    corners: list[tuple[float, float]] = Field(
        min_length=4, max_length=4, description="clockwise; from the card's own top-left once recognised"
    )
    card_id: str | None = None
    card: CardDetails | None = None
    distance: float | None = None
    margin: float | None = Field(default=None, description="distance to the next card minus distance, at least 0")
    probability: float | None = Field(
        default=None, ge=0, le=1, description="of the first match; null where the database is uncalibrated"
    )
    none_of_these: float | None = Field(
        default=None, ge=0, le=1, description="probability that it is none of the matches; null likewise"
    )
    matches: list[MatchMessage] = Field(default=[])
    printings: list[str] = Field(default=[], description="the cards between which nothing decides; empty where one is")
    printings_reason: str | None = Field(default=None, description="why nothing decides between them")
    centering: CenteringReport | None = None
    frames_to_decision: int | None = Field(default=None, description="frames from the first sharp one to the verdict")
    returned: int | None = Field(
        default=None, description="earlier track of the confirmed card, where it has come back to the same place"
    )
    latencies_ms: dict[str, float] = Field(default={}, description="stage -> time for this card's newest answer")


class StageLatency(WireModel):
    """Latency of one stage over the last interval."""

    count: int
    p50_ms: float
    p99_ms: float


class ThreadHealth(WireModel):
    """One worker thread."""

    alive: bool
    heartbeat_age_s: float
    restarts: int


class HealthMessage(Envelope):
    """The daemon's own state, once per interval: the heartbeat, which also tells of the last message of each topic."""

    topic: Literal[Topic.HEALTH] = Topic.HEALTH
    interval_s: float = Field(gt=0, description="to the next one; three without any mean that the scanner is silent")
    sequences: dict[str, int] = Field(description="topic -> sequence of its newest message, where there was one")
    status: Literal["ok", "degraded", "failed"]
    uptime_s: float
    source: str
    frames_captured: int
    frames_dropped: int = Field(description="frames that the source or the capture stage had to skip")
    fps: float
    tracks: int
    searches_failed: int = Field(
        default=0, description="searches for cards that failed; the next frame is searched instead"
    )
    crops_dropped: int = Field(description="crops replaced by newer ones before they were embedded")
    answers_dropped: int = Field(
        default=0, description="answers that came when the card had left or changed, or for which there was no room"
    )
    recoveries: dict[str, int] = Field(
        default={}, description="how often the camera has been brought back, by what was done: requeued, rebuilt"
    )
    embeddings: int
    cache_hits: int = Field(description="track-frames answered without embedding")
    results_published: int
    messages_failed: int
    stages: dict[str, StageLatency]
    threads: dict[str, ThreadHealth]
    rss_mb: float
    model_id: str
    database: str
    database_cards: int
    learned_cards: int = Field(default=0, description="cards known besides, because they were learned on the spot")
