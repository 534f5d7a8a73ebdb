"""The daemon: three supervised threads around the pipeline's stages, the sockets, signals, and a clean end."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import FrameType

import cv2
import zmq

from edge.administration import Administration
from edge.config import Settings
from edge.control import ControlSocket
from edge.detection import LiveDetector, QuadDetector, StillDetector
from edge.errors import ScannerError
from edge.handover import CropSlots, OutputInbox
from edge.health import Latencies, Rate, resident_mb
from edge.loops import CaptureLoop, OutputLoop, RecognitionLoop
from edge.messages import HealthMessage
from edge.pipeline import CaptureStage, Centering, OutputStage, RecognitionStage
from edge.publisher import Publisher
from edge.recognition import Recognizer, open_recognizer
from edge.results import Stamp
from edge.selection import Answers, Selector
from edge.sources import open_source
from edge.tracking import Tracker
from edge.workers import RESTART_LIMIT, Supervisor, Worker

_SLOTS = 32
_ANSWERS = 256
_CHECK_S = 0.1
_STOP_S = 1.5
_SILENCE_S = 2.0
# The capture thread must not wait Python's usual 5 ms each time it wants the interpreter back from a search.
_SWITCH_S = 0.0005

_log = logging.getLogger(__name__)


def run_daemon(settings: Settings) -> int:
    """Run until the source has ended or SIGINT or SIGTERM comes; from the main thread.

    Returns:
        The exit code: 0.

    Raises:
        PublishError: if a socket cannot be bound.
        ModelError, DatabaseError, SourceError: if the model, the card database or the source cannot be opened.
        WorkerError: if a thread failed again and again, or hangs.
    """
    cv2.setNumThreads(max(1, (os.cpu_count() or 1) // 2))
    sys.setswitchinterval(_SWITCH_S)
    with ExitStack() as resources, stopped_by_signals() as stop:
        context = resources.enter_context(zmq.Context[zmq.Socket[bytes]]())
        publisher = Publisher(context, settings.publish)
        resources.callback(publisher.close)
        recognizer = open_recognizer(settings.recognition)
        daemon = Daemon(settings, publisher, recognizer, stop)
        resources.callback(daemon.close)
        control = ControlSocket(context, settings.publish.control, daemon.administration.commands())
        resources.callback(control.close)
        daemon.run(control)
    return 0


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; afterwards the signals do what they did before."""
    stop = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, action in previous.items():
            signal.signal(number, action)


class Daemon:
    """Everything that runs: stages, hand-overs, threads, and what is known of their health."""

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        recognizer: Recognizer,
        stop: threading.Event,
        centering: Centering | None = None,
    ) -> None:
        """Put the parts together and open the source.

        Raises:
            SourceError: if the source cannot be opened.
        """
        self._settings = settings
        self._publisher = publisher
        self._stop = stop
        self._latencies, self._rate = Latencies(), Rate()
        self._crops, self._inbox = CropSlots(_SLOTS), OutputInbox(_ANSWERS)
        answers = Answers()
        self._selector = Selector(settings.selection, answers)
        tracker = Tracker(settings.tracking)
        source = open_source(settings.source)
        self._live_detector = LiveDetector(QuadDetector(live=True)) if source.live else None
        file_detector = StillDetector(QuadDetector()) if source.stills else QuadDetector(live=True)
        self._capture = CaptureLoop(
            source,
            lambda: open_source(settings.source),
            CaptureStage(self._live_detector or file_detector, tracker, self._selector),
            self._crops,
            self._inbox,
            self._latencies,
        )
        self._stage = RecognitionStage(recognizer)
        recognition = RecognitionLoop(
            self._stage, self._crops, self._inbox, self._latencies, settings.recognition.max_batch
        )
        self._output_stage = OutputStage(settings.smoothing, answers, self._stamp, centering)
        self._output = OutputLoop(
            self._output_stage,
            self._inbox,
            publisher,
            self._latencies,
            self._health,
            settings.publish.health_interval_s,
        )
        self.administration = Administration(
            settings, self._capture, tracker, self._selector, (self._stage, recognition), self._output_stage
        )
        restart_limit = RESTART_LIMIT if source.live else 0
        self._output_worker = Worker("output", self._output.step, stop)
        self._workers = [
            Worker(
                "capture",
                self._capture.step,
                stop,
                revive=self._capture.reopen,
                restart_limit=restart_limit,
            ),
            Worker("embedding", recognition.step, stop),
            self._output_worker,
        ]
        self._supervisor = Supervisor(self._workers)
        self._started_s = time.monotonic()
        self._advanced_s = self._started_s
        self._seen_frames = 0
        self._failed = False

    def run(self, control: ControlSocket) -> None:
        """Start the threads, and watch over them until the stop event is set or the source has ended.

        Raises:
            WorkerError: if a thread failed again and again, or hangs.
        """
        self._workers.append(Worker("control", control.step, self._stop))
        for worker in self._workers:
            worker.start()
        try:
            while not self._stop.is_set() and not self._output_worker.finished:
                self._supervisor.check()
                if self.frames_advanced() or self._capture.paused:
                    self._advanced_s = time.monotonic()
                self._stop.wait(_CHECK_S)
        except ScannerError:
            self._failed = True
            raise
        finally:
            self._end()

    def frames_advanced(self) -> bool:
        """Whether frames were captured since the last call; a watchdog is fed on this alone."""
        seen, self._seen_frames = self._seen_frames, self._capture.captured
        return self._seen_frames > seen

    def close(self) -> None:
        """Release the source and the model."""
        self._capture.source.close()
        if self._live_detector is not None:
            self._live_detector.close()
        self._stage.recognizer.close()

    def _end(self) -> None:
        """End every thread within a bounded time, then say goodbye in a last health message."""
        self._stop.set()
        deadline = time.monotonic() + _STOP_S
        for worker in self._workers:
            if not worker.join(max(0.0, deadline - time.monotonic())):
                _log.warning("the %s thread did not end in time and is left behind", worker.name)
        if not self._output_worker.alive:
            self._output.publish_health()

    def _stamp(self) -> Stamp:
        return Stamp(sequence=self._publisher.next_sequence(), published_at=_now(), degraded=tuple(self._degraded()))

    def _degraded(self) -> list[str]:
        silence_s = time.monotonic() - self._advanced_s
        silent = silence_s > _SILENCE_S and not self._output_worker.finished
        sentences = self._supervisor.degraded()
        return [*sentences, f"no new frame for {silence_s:.0f} s"] if silent else sentences

    def _health(self) -> HealthMessage:
        degraded, source, database = self._degraded(), self._capture.source, self._stage.recognizer.database
        message = HealthMessage(
            sequence=self._publisher.next_sequence(),
            published_at=_now(),
            status="failed" if self._failed else "degraded" if degraded else "ok",
            degraded=degraded,
            uptime_s=time.monotonic() - self._started_s,
            source=source.name,
            frames_captured=self._capture.captured,
            frames_dropped=self._capture.dropped,
            fps=self._rate.per_second(self._capture.captured),
            tracks=self._output_stage.tracks,
            crops_dropped=self._crops.dropped,
            embeddings=self._stage.embeddings,
            cache_hits=self._selector.cache_hits,
            results_published=self._output.results,
            messages_failed=self._publisher.failed,
            stages=self._latencies.take(),
            threads={worker.name: worker.health() for worker in self._workers},
            rss_mb=resident_mb(),
            model_id=database.manifest.model_id,
            database=database.manifest.name,
            database_cards=database.manifest.cards,
        )
        self.administration.health = message
        return message


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
