"""Builds the envelopes: the one place that numbers messages and says which scanner and which run they are of."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edge.wire.envelope import Envelope, Topic

_SESSION_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStamp:
    """The frame that a message is about.

    Attributes:
        frame_id: counts up within a session.
        timestamp_ns: capture time on the monotonic clock.
        width: in pixels.
        height: in pixels.
    """

    frame_id: int
    timestamp_ns: int
    width: int
    height: int


class Session:
    """One run of a scanner. Used by one thread at a time.

    Attributes:
        device: the scanner.
        session: id of this run.
        monotonic: the clock that stamps frames.
    """

    def __init__(
        self,
        device: str,
        session: str | None = None,
        *,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Begin a session of that scanner, with nothing numbered.

        Args:
            device: of every message.
            session: its id; None makes one.
            clock: UTC, nanoseconds since 1970.
            monotonic: the clock that stamps frames.
        """
        self.device = device
        self.session = session or secrets.token_hex(_SESSION_BYTES)
        self.monotonic = monotonic
        self._clock = clock
        self._numbered: Counter[Topic] = Counter()

    def envelope(self, topic: Topic, frame: FrameStamp | None, degraded: Sequence[str] = ()) -> Envelope:
        """The envelope of the next message of a topic; one that is never sent leaves a gap.

        A frame's UTC time is its age on the monotonic clock before now: a clock that is set meanwhile moves both times.
        """
        now_ns = self._clock()
        sequence = self._numbered[topic]
        self._numbered[topic] += 1
        of_frame: dict[str, Any] = {} if frame is None else self._of_frame(frame, now_ns)
        return Envelope(
            topic=topic,
            device=self.device,
            session=self.session,
            sequence=sequence,
            published_at=_iso(now_ns),
            degraded=list(degraded),
            **of_frame,
        )

    def sequences(self) -> dict[str, int]:
        """Topic -> number of its newest message, for the topics that have had one."""
        return {topic.value: count - 1 for topic, count in self._numbered.items()}

    def captured_ns(self, timestamp_ns: int) -> int:
        """A time of the monotonic clock as nanoseconds since 1970, UTC."""
        return self._clock() - (self.monotonic() - timestamp_ns)

    def _of_frame(self, frame: FrameStamp, now_ns: int) -> dict[str, Any]:
        age_ns = self.monotonic() - frame.timestamp_ns
        return {
            "captured_at": _iso(now_ns - age_ns),
            "frame_id": frame.frame_id,
            "frame_timestamp_ns": frame.timestamp_ns,
            "frame_width": frame.width,
            "frame_height": frame.height,
        }


def _iso(utc_ns: int) -> str:
    return datetime.fromtimestamp(utc_ns / 1e9, UTC).isoformat(timespec="milliseconds")
