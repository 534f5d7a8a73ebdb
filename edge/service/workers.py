"""Threads that may die, and the supervisor that starts them again."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from edge.errors import SourceLostError, WorkerError
from edge.health import Clock
from edge.settings.patience import STALL_LIMIT_S
from edge.wire.messages import ThreadHealth

RESTART_LIMIT = 5
_FIRST_BACKOFF_S = 0.1
_LONGEST_BACKOFF_S = 5.0
_SOUND_AFTER_S = 30.0

_log = logging.getLogger(__name__)


class Worker:
    """A thread that repeats one step until the step says that it has finished, or the stop event is set."""

    def __init__(
        self,
        name: str,
        step: Callable[[], bool],
        stop: threading.Event,
        *,
        revive: Callable[[], None] | None = None,
        restart_limit: int = RESTART_LIMIT,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        """Prepare the thread.

        Args:
            name: for messages.
            step: does a bounded piece of work; False when nothing is left to do.
            stop: ends the thread after its present step.
            revive: puts the worker's resources in order before it starts again; runs in the new thread.
            restart_limit: how often in a row it may be started again.
            clock: for heartbeats.
        """
        self.name = name
        self.restart_limit = restart_limit
        self.restarts = 0
        self.restarts_in_a_row = 0
        self.failure: Exception | None = None
        self.newest_failure = ""
        self.finished = False
        self._step = step
        self._stop = stop
        self._revive = revive
        self._clock = clock
        self._started_ns = self._heartbeat_ns = self._failed_ns = clock()
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def heartbeat_age_s(self) -> float:
        """Time since the last step ended."""
        return (self._clock() - self._heartbeat_ns) / 1e9

    @property
    def running_s(self) -> float:
        """Time since the thread was started."""
        return (self._clock() - self._started_ns) / 1e9

    @property
    def failed_s(self) -> float:
        """Time since the last failure."""
        return (self._clock() - self._failed_ns) / 1e9

    def start(self) -> None:
        """Start the thread."""
        self._started_ns = self._heartbeat_ns = self._clock()
        self._thread = threading.Thread(target=self._run, args=(None,), name=self.name, daemon=True)
        self._thread.start()

    def restart(self) -> None:
        """Start the thread again after a failure."""
        self.join(None)
        self.restarts += 1
        self.restarts_in_a_row += 1
        self.failure = None
        self._started_ns = self._heartbeat_ns = self._clock()
        self._thread = threading.Thread(target=self._run, args=(self._revive,), name=self.name, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float | None) -> bool:
        """Wait for the thread's end; whether it has ended."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self.alive

    def health(self) -> ThreadHealth:
        """What is published of this thread."""
        return ThreadHealth(alive=self.alive, heartbeat_age_s=max(0.0, self.heartbeat_age_s), restarts=self.restarts)

    def _run(self, revive: Callable[[], None] | None) -> None:
        try:
            if revive is not None:
                revive()
            while not self._stop.is_set() and not self.finished:
                self.finished = not self._step()
                self._heartbeat_ns = self._clock()
        except Exception as failure:  # noqa: BLE001 (whatever kills a thread is for the supervisor to judge)
            self._failed_ns = self._clock()
            # Only what it says stays for long: by its traceback it holds all that the thread was at work on.
            self.failure, self.newest_failure = failure, str(failure) or type(failure).__name__
            _log.warning("the %s thread failed: %s", self.name, failure, exc_info=failure)


class Supervisor:
    """Restarts workers that died, after a pause that doubles each time, and gives up on one that dies every time."""

    def __init__(self, workers: Sequence[Worker], stall_limit_s: float = STALL_LIMIT_S) -> None:
        """Watch over these workers."""
        self._workers = workers
        self._stall_limit_s = stall_limit_s

    def check(self, silence_s: float = 0.0) -> None:
        """Restart what has died and is due.

        Args:
            silence_s: time since the last frame.

        Raises:
            WorkerError: if a worker may not be restarted any more, or hangs, or no frame comes for too long.
        """
        for worker in self._workers:
            if worker.failure is not None:
                self._restart_when_due(worker, worker.failure)
            elif not worker.finished and worker.heartbeat_age_s > self._stall_limit_s:
                raise WorkerError(
                    f"the {worker.name} thread has made no progress for {worker.heartbeat_age_s:.0f} s; "
                    "start the scanner again"
                )
            elif worker.running_s > _SOUND_AFTER_S:
                worker.restarts_in_a_row = 0
        if silence_s > self._stall_limit_s:
            raise WorkerError(f"no new frame for {silence_s:.0f} s; {self._newest_failure()}")

    def health(self) -> dict[str, ThreadHealth]:
        """What is published of the threads: name -> how it is."""
        return {worker.name: worker.health() for worker in self._workers}

    def degraded(self) -> list[str]:
        """A sentence for each worker that has failed lately."""
        return [
            f"the {worker.name} thread failed and was started again"
            if worker.failure is None
            else f"the {worker.name} thread failed: {worker.failure}"
            for worker in self._workers
            if worker.failure is not None or worker.restarts_in_a_row > 0
        ]

    def _newest_failure(self) -> str:
        failed = [worker for worker in self._workers if worker.newest_failure and worker.restarts_in_a_row]
        if not failed:
            return "start the scanner again"
        newest = min(failed, key=lambda worker: worker.failed_s)
        return f"the {newest.name} thread failed, in the end with: {newest.newest_failure}"

    def _restart_when_due(self, worker: Worker, failure: Exception) -> None:
        if isinstance(failure, SourceLostError):
            raise WorkerError(str(failure)) from failure
        if worker.restarts_in_a_row >= worker.restart_limit:
            times = worker.restarts_in_a_row + 1
            raise WorkerError(
                str(failure)
                if worker.restart_limit == 0
                else f"the {worker.name} thread failed {times} times in a row, in the end with: {failure}"
            ) from failure
        if worker.failed_s >= min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2**worker.restarts_in_a_row):
            worker.restart()
