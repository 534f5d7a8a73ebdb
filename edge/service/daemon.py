"""The daemon: three supervised threads around the pipeline's stages, the sockets, signals, and a clean end."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import cv2
import zmq

from edge.detection import Following
from edge.errors import ScannerError
from edge.log.upkeep import Upkeep
from edge.recognition.recognizer import Recognizer
from edge.service.administration import Administration
from edge.service.condition import Condition
from edge.service.learning import Learning, open_with_learned
from edge.service.log_repetition import few_repetitions
from edge.service.memory import give_back_free_pages
from edge.service.notify import ServiceManager
from edge.service.parts import Outlet, log_of_scans, measurer, put_together, session_of
from edge.service.preview import Preview, Seen
from edge.service.stopping import stopped_by_signals, unless_stopped
from edge.service.unit import Service, reload_on_hangup
from edge.service.workers import RESTART_LIMIT, Supervisor, Worker
from edge.settings.settings import Settings
from edge.sources.apart import open_for_daemon
from edge.wire.access import Access
from edge.wire.control import Command, ControlSocket
from edge.wire.envelope import Envelope, Topic
from edge.wire.keys import KeyFolder
from edge.wire.messages import HealthMessage
from edge.wire.peers import Peers
from edge.wire.publisher import Publisher
from edge.wire.session import FrameStamp

_CHECK_S = 0.1
_PEERS_S = 0.05
_TIDY_S = 2.0
_STOP_S = 1.5
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
        log = resources.enter_context(log_of_scans(settings))
        daemon = unless_stopped(lambda: Daemon(settings, publisher, open_with_learned(settings), log, stop), stop)
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


class Daemon:
    """Everything that runs: the parts, a thread for each loop, and the supervision of them all."""

    def __init__(
        self, settings: Settings, publisher: Publisher, recognizer: Recognizer, log: Path, stop: threading.Event
    ) -> None:
        """Put the parts together and open the source; `log` is the file of scans.

        Raises:
            SourceError: if the source cannot be opened.
            ModelError: if a network of the detector is missing or damaged.
        """
        self._publisher = publisher
        self._stop = stop
        reopen = partial(open_for_daemon, settings)
        source = reopen()
        self._session = session_of(settings, source)
        outlet = Outlet(session=self._session, publisher=publisher, envelope=self._envelope, health=self._health)
        self._parts = put_together(settings, source, reopen, recognizer, outlet, log)
        self._upkeep = Upkeep(self._parts.scans, settings.log.max_mb, stop)
        self._capture_worker, self._output_worker = self._capturing(), Worker("output", self._parts.output.step, stop)
        embedding = Worker("embedding", self._parts.recognition.step, stop)
        self._workers = [self._capture_worker, embedding, self._output_worker]
        self._supervisor = Supervisor(self._workers)
        self._condition = Condition(
            self._parts,
            outlet,
            self._supervisor,
            self._output_worker,
            health_interval_s=settings.publish.health_interval_s,
        )
        self._administration = Administration(
            settings,
            self._parts.capture,
            self._parts.tracker,
            self._parts.selector,
            (self._parts.recognition_stage, self._parts.recognition),
            self._parts.output_stage,
            published=(self._session, publisher.retained),
            measurer=partial(measurer, source=source),
        )
        self._learning = Learning(
            self._parts.recognition_stage, self._parts.output_stage, lambda: self._administration.settings
        )
        self._tidy_due_s = time.monotonic()

    def commands(self) -> dict[str, Command]:
        """What the control socket takes: name -> what it does."""
        recorder = self._parts.recorder
        recording: dict[str, Command] = {
            "record": recorder.record,
            "recording": recorder.recording,
            "end_recording": recorder.end_recording,
        }
        return self._administration.commands() | self._learning.commands() | recording

    def _capturing(self) -> Worker:
        capture = self._parts.capture
        restart_limit = RESTART_LIMIT if capture.source.live else 0
        return Worker("capture", capture.step, self._stop, revive=capture.reopen, restart_limit=restart_limit)

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
        self._recorder_worker = Worker("recorder", self._parts.recorder.step, self._stop)
        self._workers.append(self._recorder_worker)
        for worker in self._workers:
            worker.start()
        try:
            while not self._stop.is_set() and not self._output_worker.finished:
                advanced = self._condition.frames_advanced()
                self._supervisor.check(self._condition.silence_s)
                self._tidy()
                service.report(self._publisher.retained.state().health, advanced=advanced)
                if self._condition.opening:
                    service.opening()
                self._stop.wait(_CHECK_S)
        except ScannerError:
            self._condition.failed = True
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
        return self._parts.capture.seen

    def close(self) -> None:
        """Release the source and the model; not a source that a thread left behind still waits for."""
        if not self._capture_worker.alive:
            self._parts.capture.source.close()
        if isinstance(self._parts.detector, Following):
            self._parts.detector.close()
        self._parts.second_looks.close()
        self._parts.recognizer.close()
        if not self._output_worker.alive:
            self._parts.scans.close()

    def _work_off(self, control: ControlSocket, service: Service) -> bool:
        service.reload_if_asked(self._administration.use)
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
            self._parts.output.publish_health()
        if not self._recorder_worker.alive:
            self._parts.recorder.close()

    def _envelope(self, topic: Topic, frame: FrameStamp | None) -> Envelope:
        return self._condition.envelope(topic, frame)

    def _health(self) -> HealthMessage:
        return self._condition.health()
