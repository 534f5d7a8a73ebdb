"""What each of the daemon's three threads repeats: one step of capture, of recognition, of output."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from edge.errors import SourceError
from edge.frame import Frame
from edge.health import Clock, Latencies, Recovering, Stopwatch
from edge.log.rows import Look
from edge.log.scan_log import ScanLog
from edge.pipeline.answers import Answer
from edge.pipeline.handover import CropSlots, OutputInbox
from edge.pipeline.output import OutputStage
from edge.pipeline.second_look import SecondLooks
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Track
from edge.service.journal import log_verdict
from edge.service.recorder import Recorder
from edge.sources.base import FrameSource, Opening, Repeating
from edge.wire.messages import CardMessage, HealthMessage
from edge.wire.publisher import Publisher

_WAIT_S = 0.1


class CaptureLoop:
    """Reads frames, and hands their tracks to output and their crops to recognition."""

    def __init__(  # noqa: PLR0913 (the ends of one thread)
        self,
        source: FrameSource,
        open_source: Callable[[], FrameSource],
        stage: CaptureStage,
        crops: CropSlots,
        inbox: OutputInbox,
        latencies: Latencies,
        *,
        recorder: Recorder | None = None,
    ) -> None:
        """Start with nothing read.

        Args:
            source: of the frames.
            open_source: opens it anew after a failure.
            stage: of the pipeline.
            crops: to recognition.
            inbox: to output.
            latencies: collects those of reading and of the stage.
            recorder: is told what was looked at.
        """
        self.paused = False
        self.captured = 0
        self.passed_over = 0
        self.dropped = 0
        self.seen: tuple[Frame, tuple[Track, ...]] | None = None
        self.source = source
        self._open_source = open_source
        self._stage = stage
        self._crops = crops
        self._inbox = inbox
        self._latencies = latencies
        self._recorder = recorder
        self._first_id = 0
        self._next_id = 0
        self._stretch = 0
        self._replacing = threading.Lock()
        self._recoveries_before: Counter[str] = Counter()

    @property
    def newest(self) -> Frame | None:
        """The frame that was looked at last."""
        return None if self.seen is None else self.seen[0]

    @property
    def recoveries(self) -> dict[str, int]:
        """What was done to bring the camera back -> how often, also by the sources that were opened before."""
        with self._replacing:
            return dict(self._recoveries())

    def step(self) -> bool:
        """Process one frame; False once the source has ended and everything was handed over."""
        if not self._ready():
            return True
        watch = Stopwatch()
        with watch.time("read"):
            frame = self.source.read()
        if frame is None:
            self._crops.put(self._stage.remaining())
            self._crops.close()
            return False
        frame = self._numbered(frame)
        if self.paused:
            self.passed_over += 1
            self._stage.interrupt()
        else:
            self._process(frame)
            self._latencies.add(watch.latencies_ms)
        return True

    def reopen(self) -> None:
        """Open the source anew after a failure; frames keep counting up.

        Raises:
            SourceError: if it cannot be opened.
        """
        self.source.close()
        self._stage.interrupt()
        self._first_id = self._next_id
        source = self._open_source()
        with self._replacing:
            self._recoveries_before, self.source = self._recoveries(), source

    def _recoveries(self) -> Counter[str]:
        total = self._recoveries_before.copy()
        total.update(self.source.recoveries if isinstance(self.source, Recovering) else {})
        return total

    def _ready(self) -> bool:
        """A live source is always read; another waits until all that it gave is published, or the daemon resumes."""
        if isinstance(self.source, Opening) and self.source.opening:
            return self.source.opened(_WAIT_S)
        if self.source.live:
            return True
        if self.paused:
            self._stage.interrupt()
            if isinstance(self.source, Repeating):
                self.source.repeat()
            time.sleep(_WAIT_S)
            return False
        return self._crops.wait_until_done(_WAIT_S) and self._inbox.wait_until_done(_WAIT_S)

    def _numbered(self, frame: Frame) -> Frame:
        frame_id = self._first_id + frame.frame_id
        if frame_id < self._next_id:
            raise SourceError(f"{self.source.name} gave frame {frame_id} after frame {self._next_id - 1}")
        self.dropped += frame_id - self._next_id
        self._next_id = frame_id + 1
        return replace(frame, frame_id=frame_id) if self._first_id else frame

    def _process(self, frame: Frame) -> None:
        if self._recorder is not None:
            self._recorder.saw(frame)
        observation, crops, latencies_ms = self._stage.process(frame)
        if observation.stretch != self._stretch:
            self._stretch = observation.stretch
            self._crops.clear()
        self._inbox.put_observation(observation)
        self._crops.put(crops)
        self._latencies.add(latencies_ms)
        self.seen = frame, observation.tracks
        self.captured += 1


class RecognitionLoop:
    """Recognises the crops that wait, a batch at a time."""

    def __init__(
        self,
        stage: RecognitionStage,
        second_looks: SecondLooks,
        crops: CropSlots,
        inbox: OutputInbox,
        latencies: Latencies,
        *,
        max_batch: int,
    ) -> None:
        """Start with nothing to do; `max_batch` may be changed between steps."""
        self.max_batch = max_batch
        self._stage = stage
        self._second_looks = second_looks
        self._crops = crops
        self._inbox = inbox
        self._latencies = latencies

    def step(self) -> bool:
        """Recognise one batch, if one comes soon; False once the last one is done."""
        crops = self._crops.take(self.max_batch, _WAIT_S)
        if crops is None:
            self._inbox.close()
            return False
        answers = self._stage.process(crops) if crops else ()
        self._hand_over(answers)
        self._hand_over(self._second_looks.after(answers))
        return True

    def _hand_over(self, answers: tuple[Answer, ...]) -> None:
        if not answers:
            return
        self._stage.views.add(answers)
        self._inbox.put_answers(answers)
        for stage in ("rectify", "embed", "search"):
            self._latencies.add({stage: answers[0].latencies_ms[stage]})
        for answer in answers:
            of_card = ("verify", "second_look")
            self._latencies.add(
                {stage: answer.latencies_ms[stage] for stage in of_card if stage in answer.latencies_ms}
            )


def look_at(answer: Answer) -> Look:
    """What a confirmation by this answer rests on."""
    crop = answer.crop
    quad = answer.recognition.own_quad(crop.quad)
    return Look(image=crop.frame.image, quad=quad, shown_since=crop.shown_since)


class OutputLoop:
    """Turns tracks and answers into messages, and publishes them and the daemon's health."""

    def __init__(  # noqa: PLR0913 (the ends of one thread)
        self,
        stage: OutputStage,
        inbox: OutputInbox,
        publisher: Publisher,
        scans: ScanLog,
        latencies: Latencies,
        health: Callable[[], HealthMessage],
        *,
        health_interval_s: float,
        recorder: Recorder | None = None,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        """Start with nothing published.

        Args:
            stage: makes the messages.
            inbox: what comes from the other threads.
            publisher: used by this thread alone while it runs.
            scans: takes in what is confirmed, before it is published; used by this thread alone while it runs.
            latencies: collects those of answers, of the log and of publishing.
            health: composes the health message.
            health_interval_s: how often it is published.
            recorder: is told what was published.
            clock: for that interval.
        """
        self.results = 0
        self._stage = stage
        self._inbox = inbox
        self._publisher = publisher
        self._scans = scans
        self._stretch = 0
        self._latencies = latencies
        self._health = health
        self._recorder = recorder
        self._interval_ns = int(1e9 * health_interval_s)
        self._clock = clock
        self._due_ns = clock()

    def step(self) -> bool:
        """Publish health when it is due, then what has come; False once everything was published."""
        taken = self._inbox.take(_WAIT_S)
        if self._clock() >= self._due_ns:
            self._due_ns = max(self._due_ns + self._interval_ns, self._clock())
            self.publish_health()
        self._publisher.welcome()
        if taken is None:
            self._publish(self._stage.finish())
            return False
        observation, answers = taken
        if observation is not None:
            self._stretch = observation.stretch
            self._publish(self._stage.observe(observation))
        for answer in answers:
            messages = self._stage.answer(answer)
            self._publish(messages, answer)
            for message in messages[:1]:
                of_answer = ("smooth", "centering", "total")
                self._latencies.add(
                    {stage: message.latencies_ms[stage] for stage in of_answer if stage in message.latencies_ms}
                )
        return True

    def publish_health(self) -> None:
        """Publish the daemon's state now; once the thread has ended, another may call this."""
        health = self._health()
        self._publisher.send(health)
        if self._recorder is not None:
            self._recorder.said([health])

    def _publish(self, messages: list[CardMessage], answer: Answer | None = None) -> None:
        """Commit, then publish: what was published is in the log, also when this process is killed."""
        watch = Stopwatch()
        if messages:
            with watch.time("log"):
                self._scans.take(messages, self._stretch, None if answer is None else look_at(answer))
        for message in messages:
            with watch.time("publish"):
                self.results += self._publisher.send(message)
            self._latencies.add(watch.latencies_ms)
            log_verdict(message)
        if messages and self._recorder is not None:
            self._recorder.said(messages)
