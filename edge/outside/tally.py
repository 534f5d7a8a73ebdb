"""What a subscriber remembers of the messages that it has seen."""

from collections import Counter
from collections.abc import Iterator
from statistics import median

from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage, HealthMessage, StageLatency

STAGES = (
    "read",
    "detect",
    "track",
    "select",
    "rectify",
    "embed",
    "search",
    "verify",
    "smooth",
    "centering",
    "publish",
    "total",
)


class Tally:
    """Counts and latest states, over a whole subscription."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.messages = 0
        self.lost = 0
        self.results: Counter[Topic] = Counter()
        self.confirmed: Counter[str] = Counter()
        self.returned = 0
        self.frames_to_decision: list[int] = []
        self.present: dict[int, CardMessage] = {}
        self.health: HealthMessage | None = None
        self._names: dict[str, str] = {}
        self._fps: list[float] = []
        self._memory_mb: list[float] = []
        self._stages: dict[str, list[StageLatency]] = {}

    def add(self, message: CardMessage | HealthMessage, lost: int) -> None:
        """Take in one message, and how many were lost before it."""
        self.messages += 1
        self.lost += lost
        if isinstance(message, HealthMessage):
            self._add_health(message)
        else:
            self._add_card(message)

    def stages(self) -> dict[str, StageLatency]:
        """Stage -> latency over everything seen: the mean of the intervals' medians, the worst of their p99."""
        order = [stage for stage in STAGES if stage in self._stages]
        return {stage: _combined(self._stages[stage]) for stage in [*order, *(self._stages.keys() - set(order))]}

    def fps(self) -> float | None:
        """Mean frame rate of the daemon; its first interval, in which it started, does not count."""
        steady = self._fps[1:] or self._fps
        return sum(steady) / len(steady) if steady else None

    def memory_mb(self) -> tuple[float, float] | None:
        """Resident memory of the daemon after it had settled, and at the end: medians over a tenth of the time each."""
        tenth = max(1, len(self._memory_mb) // 10)
        if not self._memory_mb:
            return None
        return median(self._memory_mb[tenth : 2 * tenth] or self._memory_mb), median(self._memory_mb[-tenth:])

    def summary(self) -> Iterator[str]:
        """What there is to say at the end."""
        yield f"{self.messages} messages, {self.lost} lost"
        distinct = f"{len(self.confirmed)} different" if self.confirmed else "none"
        returned = f", and {self.returned} times one that had returned" if self.returned else ""
        yield f"cards confirmed: {self.confirmed.total()} ({distinct}){returned}"
        for card_id, times in self.confirmed.most_common():
            yield f"    {self._names[card_id]} ({card_id}){f' x {times}' if times > 1 else ''}"
        yield f"cards refused as unknown: {self.results[Topic.UNKNOWN]}"
        fps = self.fps()
        if self.health is not None and fps is not None:
            yield (
                f"frames: {fps:.1f}/s, slowest second {min(self._fps[1:] or self._fps):.1f}/s, "
                f"{self.health.frames_captured} captured, {self.health.frames_dropped} dropped"
            )
        memory_mb = self.memory_mb()
        if memory_mb is not None:
            yield f"memory of the daemon: {memory_mb[0]:.0f} MB once settled, {memory_mb[1]:.0f} MB at the end"
        if self._stages:
            yield "stage latencies (median, worst p99 of a second):"
        for stage, latency in self.stages().items():
            yield f"    {stage:10} {latency.p50_ms:8.2f} ms {latency.p99_ms:8.2f} ms"

    def _add_card(self, message: CardMessage) -> None:
        self.results[message.topic] += 1
        if message.topic is Topic.LEFT:
            self.present.pop(message.track_id, None)
        else:
            self.present[message.track_id] = message
        if message.topic is Topic.CONFIRMED and message.frames_to_decision is not None:
            self.frames_to_decision.append(message.frames_to_decision)
        if message.topic is Topic.CONFIRMED and message.returned is not None:
            self.returned += 1
        elif message.topic is Topic.CONFIRMED and message.card_id is not None:
            self.confirmed[message.card_id] += 1
            self._names[message.card_id] = message.card.name if message.card else message.card_id

    def _add_health(self, message: HealthMessage) -> None:
        self.health = message
        self._fps.append(message.fps)
        self._memory_mb.append(message.rss_mb)
        for stage, latency in message.stages.items():
            self._stages.setdefault(stage, []).append(latency)


def _combined(intervals: list[StageLatency]) -> StageLatency:
    count = sum(interval.count for interval in intervals)
    p50_ms = sum(interval.p50_ms * interval.count for interval in intervals) / max(count, 1)
    return StageLatency(count=count, p50_ms=p50_ms, p99_ms=max(interval.p99_ms for interval in intervals))
