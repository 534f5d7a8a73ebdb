"""The daemon: three supervised threads around the pipeline's stages, the sockets, signals, and a clean end."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

import cv2
import zmq

from edge.calibration.measuring import open_measurer
from edge.centering import Measure, Setup
from edge.detection import CardDetector, Following, SearchFailures, SensorBoxes, StillDetector, WholeFrame
from edge.errors import ScannerError
from edge.health import Degradable, Latencies, Rate, resident_mb
from edge.log.rows import Provenance
from edge.log.scan_log import ScanLog
from edge.log.session import LoggedSession
from edge.log.upkeep import Upkeep
from edge.manifests import UNCALIBRATED
from edge.pipeline.answers import stamp_of
from edge.pipeline.handover import Corrections, CropSlots, OutputInbox
from edge.pipeline.output import OutputStage
from edge.pipeline.second_look import SecondLooks
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.recognizer import Recognizer
from edge.service.administration import Administration
from edge.service.identity import device_id
from edge.service.learning import Learning, open_with_learned
from edge.service.log_repetition import few_repetitions
from edge.service.loops import CaptureLoop, OutputLoop, RecognitionLoop
from edge.service.memory import give_back_free_pages
from edge.service.notify import ServiceManager
from edge.service.preview import Preview, Seen
from edge.service.stopping import stopped_by_signals, unless_stopped
from edge.service.unit import Service, reload_on_hangup
from edge.service.workers import RESTART_LIMIT, Supervisor, Worker
from edge.settings.settings import Settings
from edge.sources import FrameSource, open_source
from edge.wire.access import Access
from edge.wire.control import Command, ControlSocket
from edge.wire.envelope import Envelope, Topic
from edge.wire.keys import KeyFolder
from edge.wire.messages import HealthMessage
from edge.wire.peers import Peers
from edge.wire.publisher import Publisher
from edge.wire.session import FrameStamp, Session

_SLOTS = 32
_ANSWERS = 256
_CHECK_S = 0.1
_PEERS_S = 0.05
_TIDY_S = 2.0
_STOP_S = 1.5
_SILENCE_S = 2.0
# The capture thread must not wait Python's usual 5 ms each time it wants the interpreter back from a search.
_SWITCH_S = 0.0005

_log = logging.getLogger(__name__)


def run_daemon(settings: Settings, read_settings: Callable[[], Settings] | None = None) -> int:
    """Run until the source has ended or SIGINT or SIGTERM comes; from the main thread.

    Args:
        settings: to start with.
        read_settings: reads them again when SIGHUP comes; None keeps those of the start, and opens the files anew.

    Returns:
        The exit code: 0.

    Raises:
        PublishError: if a socket cannot be bound.
        ModelError, DatabaseError, SourceError: if the model, the card database or the source cannot be opened.
        WorkerError: if a thread failed again and again, or hangs.
    """
    cv2.setNumThreads(max(1, (os.cpu_count() or 1) // 2))
    sys.setswitchinterval(_SWITCH_S)
    with ExitStack() as resources, stopped_by_signals() as stop, reload_on_hangup() as reload_asked:
        resources.enter_context(few_repetitions())
        manager = resources.enter_context(ServiceManager.from_environment())
        service = Service(manager, read_settings or (lambda: settings), reload_asked)
        service.starting("opening the model, the card database and the source")
        context = resources.enter_context(zmq.Context[zmq.Socket[bytes]]())
        access = Access(context, KeyFolder(settings.publish.keys))
        resources.callback(access.close)
        publisher = Publisher(context, settings.publish, access)
        resources.callback(publisher.close)
        daemon = unless_stopped(lambda: Daemon(settings, publisher, open_with_learned(settings), stop), stop)
        if daemon is None:
            service.stopping()
            return 0
        resources.callback(daemon.close)
        preview = Preview(context, settings.publish.preview, daemon.session, daemon.seen, access)
        resources.callback(preview.close)
        commands = {**daemon.commands(), "preview": preview.where}
        control = ControlSocket(context, settings.publish.control, commands, access=access)
        resources.callback(control.close)
        daemon.run(control, preview, access, service)
    return 0


def measurer(settings: Settings) -> Measure:
    """Measures confirmed cards; with the camera's calibration where the settings name one."""
    return open_measurer(settings.centering.calibration, Setup(), settings.source.camera)


def detector_for(source: FrameSource, detector: CardDetector, failures: SearchFailures) -> Following | StillDetector:
    """What finds the cards in the frames of a source, searching with `detector`."""
    if not source.live:
        return StillDetector(detector)
    return Following(detector, SensorBoxes() if source.gives_boxes else WholeFrame(), failures)


class Daemon:
    """Everything that runs: stages, hand-overs, threads, and what is known of their health."""

    def __init__(self, settings: Settings, publisher: Publisher, recognizer: Recognizer, stop: threading.Event) -> None:
        """Put the parts together and open the source.

        Raises:
            SourceError: if the source cannot be opened.
            ModelError: if a network of the detector is missing or damaged.
        """
        self._publisher = publisher
        self._session = Session(device_id(settings.publish.device))
        self._health_interval_s = settings.publish.health_interval_s
        self._stop = stop
        self._latencies, self._rate = Latencies(), Rate()
        self._search_failures = SearchFailures()
        reopen = partial(open_source, settings.source, settings.camera, settings.imx500)
        source = reopen()
        self._crops = CropSlots(_SLOTS)
        self._inbox = OutputInbox(_ANSWERS)
        feedback = Feedback()
        self._selector = Selector(settings.selection, feedback, stills=source.stills)
        tracker = Tracker(settings.tracking)
        cards, corrections = CardDetector(), Corrections()
        self._detector = detector_for(source, cards, self._search_failures)
        self._capture = CaptureLoop(
            source,
            reopen,
            CaptureStage(self._detector, tracker, self._selector, corrections, self._search_failures),
            self._crops,
            self._inbox,
            self._latencies,
        )
        self._stage = RecognitionStage(recognizer)
        self._second_looks = SecondLooks(cards, self._stage, corrections, self._search_failures, stills=source.stills)
        recognition = RecognitionLoop(
            self._stage,
            self._second_looks,
            self._crops,
            self._inbox,
            self._latencies,
            max_batch=settings.recognition.max_batch,
        )
        logged = LoggedSession(
            session=self._session.session, device=self._session.device, source=settings.source.spec, live=source.live
        )
        self._scans = ScanLog(settings.log.file, logged, self._provenance)
        self._upkeep = Upkeep(self._scans, settings.log.max_mb, stop)
        self._output_stage = OutputStage(settings.smoothing, feedback, self._envelope, measurer(settings))
        self._output = OutputLoop(
            self._output_stage,
            self._inbox,
            publisher,
            self._scans,
            self._latencies,
            self._health,
            health_interval_s=self._health_interval_s,
        )
        self.administration = Administration(
            settings,
            self._capture,
            tracker,
            self._selector,
            (self._stage, recognition),
            self._output_stage,
            published=(self._session, publisher.retained),
            measurer=measurer,
        )
        self._learning = Learning(self._stage, self._output_stage, lambda: self.administration.settings)
        self._output_worker = Worker("output", self._output.step, stop)
        self._capture_worker = self._worker_of(source)
        self._workers = [self._capture_worker, Worker("embedding", recognition.step, stop), self._output_worker]
        self._supervisor = Supervisor(self._workers)
        self._started_s = time.monotonic()
        self._advanced_s = self._started_s
        self._seen_frames = 0
        self._tidy_due_s = self._started_s
        self._failed = False

    def commands(self) -> dict[str, Command]:
        """What the control socket takes: name -> what it does."""
        return self.administration.commands() | self._learning.commands()

    def _worker_of(self, source: FrameSource) -> Worker:
        restart_limit = RESTART_LIMIT if source.live else 0
        return Worker(
            "capture", self._capture.step, self._stop, revive=self._capture.reopen, restart_limit=restart_limit
        )

    def run(self, control: ControlSocket, preview: Preview, access: Access, service: Service) -> None:
        """Start the threads, and watch over them until the stop event is set or the source has ended.

        Raises:
            WorkerError: if a thread failed again and again, or hangs, or no frame comes for too long.
        """
        self._workers.append(Worker("control", control.step, self._stop))
        self._workers.append(Worker("commands", lambda: self._work_off(control, service), self._stop))
        all_peers = (self._publisher.peers, control.peers, preview.peers)
        self._workers.append(Worker("peers", lambda: self._watch_peers(access, all_peers), self._stop))
        self._workers.append(Worker("preview", preview.step, self._stop))
        self._workers.append(Worker("log", self._upkeep.step, self._stop))
        for worker in self._workers:
            worker.start()
        try:
            while not self._stop.is_set() and not self._output_worker.finished:
                advanced = self.frames_advanced()
                if advanced:
                    self._advanced_s = time.monotonic()
                self._supervisor.check(time.monotonic() - self._advanced_s)
                self._tidy()
                service.report(self._publisher.retained.state().health, advanced=advanced)
                self._stop.wait(_CHECK_S)
        except ScannerError:
            self._failed = True
            raise
        finally:
            service.stopping()
            self._end()

    def _tidy(self) -> None:
        if time.monotonic() >= self._tidy_due_s:
            self._tidy_due_s = time.monotonic() + _TIDY_S
            give_back_free_pages()

    @property
    def session(self) -> str:
        """This run of the scanner, as its messages name it."""
        return self._session.session

    def seen(self) -> Seen | None:
        """The frame that was looked at last, and what was followed in it."""
        return self._capture.seen

    def frames_advanced(self) -> bool:
        """Whether frames went through capture since the last call; the watchdog is fed on this alone.

        While the daemon is paused, those count that are read from a live source and not looked at; another source is
        not read then.
        """
        seen, self._seen_frames = self._seen_frames, self._capture.captured + self._capture.passed_over
        return self._seen_frames > seen or (self._capture.paused and not self._capture.source.live)

    def close(self) -> None:
        """Release the source and the model; not a source that a thread left behind still waits for."""
        if not self._capture_worker.alive:
            self._capture.source.close()
        if isinstance(self._detector, Following):
            self._detector.close()
        self._second_looks.close()
        self._stage.recognizer.close()
        if not self._output_worker.alive:
            self._scans.close()

    def _work_off(self, control: ControlSocket, service: Service) -> bool:
        service.reload_if_asked(self.administration.use)
        return control.work()

    def _watch_peers(self, access: Access, all_peers: Sequence[Peers]) -> bool:
        keys_changed = access.check()
        for peers in all_peers:
            if keys_changed:
                peers.disconnect_guarded()
            peers.check()
        self._stop.wait(_PEERS_S)
        return True

    def _end(self) -> None:
        """End every thread within a bounded time, then say goodbye in a last health message."""
        self._stop.set()
        deadline = time.monotonic() + _STOP_S
        for worker in self._workers:
            if not worker.join(max(0.0, deadline - time.monotonic())):
                _log.warning("the %s thread did not end in time and is left behind", worker.name)
        if not self._output_worker.alive:
            self._output.publish_health()

    def _provenance(self) -> Provenance:
        manifest = self._stage.recognizer.database.manifest
        return Provenance(model_id=manifest.model_id, database=manifest.name)

    def _envelope(self, topic: Topic, frame: FrameStamp | None) -> Envelope:
        return self._session.envelope(topic, frame, self._degraded())

    def _degraded(self) -> list[str]:
        silence_s = time.monotonic() - self._advanced_s
        silent = silence_s > _SILENCE_S and not self._output_worker.finished
        sentences = self._supervisor.degraded()
        parts = (
            self._capture.source,
            self._search_failures,
            self._stage.recognizer.embedder,
            self._stage.recognizer.learned,
            self._output_stage.lateness,
            self._scans,
        )
        for part in parts:
            sentences += part.degraded() if isinstance(part, Degradable) else ()
        if self._stage.recognizer.database.manifest.calibration is None:
            sentences.append(UNCALIBRATED)
        return [*sentences, f"no new frame for {silence_s:.0f} s"] if silent else sentences

    def _health(self) -> HealthMessage:
        newest, source, database = self._capture.newest, self._capture.source, self._stage.recognizer.database
        envelope = self._envelope(Topic.HEALTH, None if newest is None else stamp_of(newest))
        return HealthMessage(
            **dict(envelope),
            interval_s=self._health_interval_s,
            sequences=self._session.sequences(),
            status="failed" if self._failed else "degraded" if envelope.degraded else "ok",
            uptime_s=time.monotonic() - self._started_s,
            source=source.name,
            frames_captured=self._capture.captured,
            frames_dropped=self._capture.dropped,
            fps=self._rate.per_second(self._capture.captured),
            tracks=self._output_stage.tracks,
            searches_failed=self._search_failures.count,
            crops_dropped=self._crops.dropped,
            answers_dropped=self._inbox.dropped + self._output_stage.lateness.count,
            recoveries=self._capture.recoveries,
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
            learned_cards=len(self._stage.recognizer.learned.cards),
        )
