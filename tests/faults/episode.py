"""One fault from its beginning to the recovery, and what there is to say of it."""

import re
import time
from dataclasses import dataclass

from edge.wire.messages import CardMessage, HealthMessage
from tests.faults.observed import ObservedDaemon

HEADINGS = (
    "fault",
    "frames meanwhile",
    "looked up / confirmed meanwhile",
    "wrong",
    "lost",
    "memory",
    "health said",
    "works again after",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table; texts as they are to be shown."""

    fault: str
    frames: str
    results: str
    wrong: str
    lost: str
    memory: str
    health: str
    back: str

    def markdown(self) -> str:
        cells = (self.fault, self.frames, self.results, self.wrong, self.lost, self.memory, self.health, self.back)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


class Episode:
    """Begins when it is made: right before the fault."""

    def __init__(self, daemon: ObservedDaemon, fault: str) -> None:
        """Wait until the daemon is sound and confirms cards, then begin."""
        self.daemon = daemon
        self.fault = fault
        daemon.sound(time.monotonic() - 2.0)
        self.rss_mb = daemon.health()[-1].rss_mb
        self.captured = daemon.health()[-1].frames_captured
        self.begun_s = self.ended_s = time.monotonic()
        self._said: tuple[float, str] | None = None

    def end(self) -> None:
        """The fault is over."""
        self.ended_s = time.monotonic()

    def health_says(self, words: str, timeout_s: float = 20.0) -> float:
        """Wait until health names the trouble; how long after the beginning."""

        def named(message: object) -> bool:
            return any(words in sentence for sentence in getattr(message, "degraded", ()))

        said_s = self.daemon.wait(lambda m: m.topic == "health" and named(m), self.begun_s, timeout_s) - self.begun_s
        sentence = next(
            each for health in self.daemon.health(self.begun_s) for each in health.degraded if words in each
        )
        self._said = (said_s, sentence)
        return said_s

    def works_again(self, timeout_s: float = 40.0) -> float:
        """Wait for answers on frames from after the fault; how long after its end."""
        at_end = self.daemon.health(0.0, self.ended_s)[-1]

        def answered(message: object) -> bool:
            # One answer may be on a frame from before.
            return (
                isinstance(message, HealthMessage)
                and message.embeddings > at_end.embeddings + 1
                and message.frames_captured > at_end.frames_captured
            )

        return self.daemon.wait(answered, self.ended_s, timeout_s) - self.ended_s

    def answers(self) -> int:
        """Cards that were looked up while the fault lasted."""
        counts = [health.embeddings for health in self.daemon.health(self.begun_s, self.ended_s)]
        return counts[-1] - counts[0] if counts else 0

    def confirmed(self) -> list[CardMessage]:
        """What was confirmed since the beginning."""
        return self.daemon.cards("card.confirmed", self.begun_s)

    def check(self, *, gap: bool = False) -> None:
        """Nothing wrong was published, nothing that was published is missing, no card is forgotten that lies still.

        Args:
            gap: frames were missing for longer than a card may be hidden: it has left, and may be found anew.
        """
        assert self.daemon.wrong(self.confirmed()) == []
        assert self.daemon.lost() == 0
        if self.daemon.scenario == "resting":
            card_id = self.daemon.cards("card.confirmed")[0].card_id
            since = [m for received_s, m in self.daemon.received if received_s > self.begun_s and m.topic != "health"]
            told = {(m.card_id,) if gap else (m.topic, m.state, m.card_id) for m in since}
            allowed = {(None,), (card_id,)} if gap else {("card.updated", "confirmed", card_id)}
            assert told <= allowed, f"told {told}, not only {allowed}"

    def row(self, back: str) -> Row:
        daemon, end_s = self.daemon, self.ended_s
        captured = [health.frames_captured for health in daemon.health(self.begun_s, end_s)]
        frames = captured[-1] - self.captured if captured else 0
        peak_mb = max((health.rss_mb for health in daemon.health(self.begun_s)), default=self.rss_mb)
        confirmed = len(daemon.cards("card.confirmed", self.begun_s, end_s))
        said = "ok" if self._said is None else f"after {self._said[0]:.1f} s: {without_folders(self._said[1])}"
        return Row(
            fault=self.fault,
            frames=f"{frames} in {end_s - self.begun_s:.1f} s",
            results=f"{self.answers()} / {confirmed}",
            wrong=str(len(daemon.wrong(self.confirmed()))),
            lost=str(daemon.lost()),
            memory=f"{self.rss_mb:.0f} → {peak_mb:.0f} MB",
            health=said,
            back=back,
        )


def without_folders(sentence: str) -> str:
    """A sentence with the files' names alone: those of a test are in temporary folders."""
    return re.sub(r"/\S*/", "", sentence)
