"""Messages as a scanner publishes them, for tests of whoever reads them."""

import itertools
from typing import Any

from edge.wire.envelope import Topic
from edge.wire.messages import CardDetails, CardMessage, HealthMessage, MatchMessage, StageLatency, TrackState
from edge.wire.session import FrameStamp, Session

FRAME = FrameStamp(frame_id=9, timestamp_ns=1, width=800, height=600)
OWN = {
    "device": "bench",
    "session": "a",
    "published_at": "2030-01-01T10:20:30.400+00:00",
    "captured_at": "2030-01-01T10:20:30.300+00:00",
    "frame_id": 9,
    "frame_timestamp_ns": 1,
    "frame_width": 800,
    "frame_height": 600,
}
CORNERS = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.4), (0.0, 1.4)]


def card_message(
    sequence: int = 0, topic: Topic = Topic.CONFIRMED, name: str = "Flabébé", **changes: Any
) -> CardMessage:
    """A confirmed card, or one that has left."""
    fields = OWN | {
        "track_id": 4,
        "state": TrackState.NO_CARD if topic is Topic.LEFT else TrackState.CONFIRMED,
        "corners": CORNERS,
        "card_id": "ab-7",
        "card": CardDetails(name=name, set_code="ab", set_name="First Light", number="7"),
        "distance": 0.123,
        "probability": 0.987,
        "matches": [MatchMessage(card_id="ab-7", distance=0.123, probability=0.987)],
    }
    return CardMessage(topic=topic, sequence=sequence, **(fields | changes))


def bare_message(sequence: int = 0, topic: Topic = Topic.APPEARED, **changes: Any) -> CardMessage:
    """A card of which nothing is known yet."""
    fields = OWN | {"track_id": 3, "state": TrackState.DETECTING, "corners": CORNERS}
    return CardMessage(topic=topic, sequence=sequence, **(fields | changes))


def health_message(sequence: int = 0, fps: float = 30.0, p50_ms: float = 4.0, **changes: Any) -> HealthMessage:
    """The state of a scanner that is well."""
    fields = OWN | {
        "published_at": "2030-01-01T10:20:31.000+00:00",
        "interval_s": 1.0,
        "sequences": {},
        "status": "ok",
        "uptime_s": 3,
        "source": "demo",
        "frames_captured": 90,
        "frames_dropped": 2,
        "tracks": 1,
        "crops_dropped": 0,
        "embeddings": 3,
        "cache_hits": 0,
        "results_published": 5,
        "messages_failed": 0,
        "stages": {"detect": StageLatency(count=30, p50_ms=p50_ms, p99_ms=3 * p50_ms)},
        "threads": {},
        "rss_mb": 120,
        "model_id": "m",
        "database": "d",
        "database_cards": 10,
    }
    return HealthMessage(sequence=sequence, fps=fps, **(fields | changes))


def session(device: str = "bench") -> Session:
    """A session whose clock stands at a second each message."""
    seconds = itertools.count(1_900_000_000)
    return Session(device, clock=lambda: 1_000_000_000 * next(seconds), monotonic=lambda: 10**9)
