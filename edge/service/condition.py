"""How the daemon fares: whether frames advance, what is degraded, and the health message that says so."""

import time

from edge.health import Degradable, Rate, resident_mb
from edge.manifests import UNCALIBRATED
from edge.pipeline.answers import stamp_of
from edge.service.parts import Outlet, Parts
from edge.service.workers import Supervisor, Worker
from edge.sources.base import Opening, Recorded
from edge.wire.envelope import Envelope, Topic
from edge.wire.messages import HealthMessage
from edge.wire.session import FrameStamp

_SILENCE_S = 2.0


class Condition:
    """What the daemon knows of itself. Read from any thread; `frames_advanced` is called by one alone."""

    def __init__(
        self, parts: Parts, outlet: Outlet, supervisor: Supervisor, output: Worker, *, health_interval_s: float
    ) -> None:
        """Begin now, with no frame seen.

        Args:
            parts: that may be degraded, and that count what they do.
            outlet: what is published, and as which session.
            supervisor: of the threads.
            output: the last of the threads that finish when the source ends.
            health_interval_s: between two health messages.
        """
        self.failed = False
        self._parts = parts
        self._outlet = outlet
        self._supervisor = supervisor
        self._output = output
        self._health_interval_s = health_interval_s
        self._rate = Rate()
        self._started_s = self._advanced_s = time.monotonic()
        self._seen_frames = 0

    @property
    def silence_s(self) -> float:
        """Seconds since frames were last seen to advance."""
        return time.monotonic() - self._advanced_s

    @property
    def opening(self) -> bool:
        """Whether the camera is still being opened, which may take minutes."""
        source = self._parts.capture.source
        return isinstance(source, Opening) and source.opening

    def frames_advanced(self) -> bool:
        """Whether frames went through capture since the last call; the watchdog is fed on this alone.

        While the daemon is paused, those count that are read from a live source and not looked at; another source is
        not read then.
        """
        capture = self._parts.capture
        seen, self._seen_frames = self._seen_frames, capture.captured + capture.passed_over
        advanced = self._seen_frames > seen or (capture.paused and not capture.source.live)
        if advanced or self.opening:
            self._advanced_s = time.monotonic()
        return advanced

    def degraded(self) -> list[str]:
        """A sentence for each thing that is not as it should be."""
        parts = self._parts
        # A recording waits for this machine, however slow it is.
        replayed = isinstance(parts.capture.source, Recorded)
        silent = self.silence_s > _SILENCE_S and not self._output.finished and not replayed
        sentences = self._supervisor.degraded()
        all_degradable = (
            parts.capture.source,
            parts.search_failures,
            parts.recognizer.embedder,
            parts.recognizer.learned,
            parts.output_stage.lateness,
            parts.scans,
        )
        for part in all_degradable:
            sentences += part.degraded() if isinstance(part, Degradable) else ()
        if parts.database.calibration is None:
            sentences.append(UNCALIBRATED)
        return [*sentences, f"no new frame for {self.silence_s:.0f} s"] if silent else sentences

    def envelope(self, topic: Topic, frame: FrameStamp | None) -> Envelope:
        """What a message of this topic begins with."""
        return self._outlet.session.envelope(topic, frame, self.degraded())

    def health(self) -> HealthMessage:
        """All of it as it is published."""
        parts = self._parts
        newest, database = parts.capture.newest, parts.database
        envelope = self.envelope(Topic.HEALTH, None if newest is None else stamp_of(newest))
        return HealthMessage(
            **dict(envelope),
            interval_s=self._health_interval_s,
            sequences=self._outlet.session.sequences(),
            status="failed" if self.failed else "degraded" if envelope.degraded else "ok",
            uptime_s=time.monotonic() - self._started_s,
            source=parts.capture.source.name,
            frames_captured=parts.capture.captured,
            frames_dropped=parts.capture.dropped,
            fps=self._rate.per_second(parts.capture.captured),
            tracks=parts.output_stage.tracks,
            searches_failed=parts.search_failures.count,
            crops_dropped=parts.crops.dropped,
            answers_dropped=parts.inbox.dropped + parts.output_stage.lateness.count,
            recoveries=parts.capture.recoveries,
            embeddings=parts.recognition_stage.embeddings,
            cache_hits=parts.selector.cache_hits,
            results_published=parts.output.results,
            messages_failed=self._outlet.publisher.failed,
            stages=parts.latencies.take(),
            threads=self._supervisor.health(),
            rss_mb=resident_mb(),
            model_id=database.model_id,
            database=database.name,
            database_cards=database.cards,
            learned_cards=len(parts.recognizer.learned.cards),
        )
