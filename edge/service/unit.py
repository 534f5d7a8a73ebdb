"""The daemon as a service: when it is ready, alive, reloading and stopping, and what its status line says."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from edge.service.notify import ServiceManager
from edge.settings.settings import Settings
from edge.wire.messages import HealthMessage

# chosen: what a start is extended by each time while the camera is being opened.
OPENING_MORE_S = 30.0

_log = logging.getLogger(__name__)


class Service:
    """Keeps the service manager informed, and reads the settings again when it is asked to."""

    def __init__(
        self, manager: ServiceManager, read_settings: Callable[[], Settings], reload_asked: threading.Event
    ) -> None:
        """Start as a service that is not ready.

        Args:
            manager: to be kept informed.
            read_settings: reads the configuration anew.
            reload_asked: set by whoever wants that to happen.
        """
        self._manager = manager
        self._read_settings = read_settings
        self._reload_asked = reload_asked
        self._reload_failure: str | None = None
        self._ready = False
        self._extend_due_s = 0.0

    def starting(self, step: str) -> None:
        """Say what a start that takes long is at."""
        self._manager.status(step)

    def report(self, health: HealthMessage | None, *, advanced: bool) -> None:
        """Say how it goes; called several times a second.

        Args:
            health: the newest health message.
            advanced: whether there were new frames since the last call. The first ones make the service ready, and
                only they feed the watchdog: a scanner that sees nothing new is started again.
        """
        if advanced:
            self._become_ready()
            self._manager.feed_watchdog()
        if health is not None and self._ready:
            self._manager.status(status_sentence(health, self._reload_failure))

    def opening(self) -> None:
        """Say that the camera is still being opened; called several times a second meanwhile.

        A start may take longer then, and a service that is ready is not taken for one that hangs.
        """
        if self._ready:
            self._manager.feed_watchdog()
        elif time.monotonic() >= self._extend_due_s:
            self._extend_due_s = time.monotonic() + OPENING_MORE_S / 2
            self._manager.extend_timeout(OPENING_MORE_S)
            self._manager.status("the camera is being opened; a network's first upload to the sensor takes minutes")

    def reload_if_asked(self, use: Callable[[Settings], object]) -> None:
        """Read the settings again and `use` them, if that was asked for.

        What is invalid is said in the log and in the status line, and what is in use stays in use.
        """
        if not self._reload_asked.is_set():
            return
        self._reload_asked.clear()
        self._reload_failure = None
        if self._ready:
            self._manager.reloading()
        try:
            use(self._read_settings())
            _log.info("the configuration, the model and the card database were read again")
        except Exception as failure:  # noqa: BLE001 (no file may end the thread that also serves commands)
            self._reload_failure = f"not reloaded: {str(failure) or type(failure).__name__}"
            _log.error("not reloaded, what was in use stays in use: %s", failure, exc_info=failure)
        if self._ready:
            self._manager.ready()

    def stopping(self) -> None:
        """Say that the daemon comes to its end."""
        self._manager.stopping()
        self._manager.status("stopping")

    def _become_ready(self) -> None:
        if not self._ready:
            self._ready = True
            self._manager.ready()


@contextmanager
def reload_on_hangup() -> Iterator[threading.Event]:
    """An event that SIGHUP sets; afterwards the signal does what it did before. From the main thread."""
    asked = threading.Event()

    def _ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    previous = signal.signal(signal.SIGHUP, _ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGHUP, previous)


def status_sentence(health: HealthMessage, reload_failure: str | None = None) -> str:
    """What a person wants to read in `systemctl status`."""
    troubles = [*health.degraded, *([reload_failure] if reload_failure else [])]
    cards = "1 card" if health.tracks == 1 else f"{health.tracks} cards"
    learned = f", {health.learned_cards} learned" if health.learned_cards else ""
    sentences = [
        ", ".join(troubles),
        f"{health.fps:.0f} frames/s from {health.source}",
        f"{cards} in view",
        f"{health.results_published} messages",
        f"database {health.database} ({health.database_cards} cards{learned})",
    ]
    return "; ".join(sentence for sentence in sentences if sentence)
