"""What the daemon tells the service manager that started it: systemd's notify protocol, spoken by hand.

The protocol (sd_notify(3)) is one datagram of `KEY=VALUE` lines to the socket that `NOTIFY_SOCKET` names, so no library
is needed. Started by hand there is no such variable, and nothing is said to anyone.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping
from types import TracebackType

from edge.health import Clock
from edge.settings.patience import FEED_S, WATCHDOG_S

# Fed at least this often a period, so that one late turn of the main thread does not look like a hang.
_FEEDS_A_PERIOD = 4

_log = logging.getLogger(__name__)


class ServiceManager:
    """The other end of `NOTIFY_SOCKET`. A context manager; every call is one datagram, from whichever thread."""

    def __init__(self, address: str | None, watchdog_s: float | None = None, clock: Clock = time.monotonic_ns) -> None:
        """Speak to that address; None speaks to nobody.

        Args:
            address: path of a Unix datagram socket; a leading @ stands for the abstract namespace.
            watchdog_s: the manager ends this process when it is not fed for so long; None: it does not watch.
            clock: the monotonic one, as the manager reads it.
        """
        self.watchdog_s = watchdog_s
        self._address = "\0" + address[1:] if address is not None and address.startswith("@") else address
        self._socket = None if address is None else socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._clock = clock
        self._feed_due_ns = clock()
        self._status = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ServiceManager":
        """The manager that this process's environment names: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`."""
        address = environment.get("NOTIFY_SOCKET") or None
        manager = cls(address, _watchdog_s(environment) if address else None)
        if manager.watchdog_s is not None and manager.watchdog_s < WATCHDOG_S:
            _log.warning("the service's WatchdogSec is %g s: it ends a scanner that hangs before that can say what is "
                         "wrong; set it to %g s or more", manager.watchdog_s, WATCHDOG_S)  # fmt: skip
        return manager

    def __enter__(self) -> "ServiceManager":
        """The manager itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()

    def status(self, sentence: str) -> None:
        """Say what `systemctl status` shows; a sentence that it shows already is not sent again."""
        if sentence != self._status:
            self._status = sentence
            self._send(STATUS=sentence)

    def ready(self) -> None:
        """Say that the service does its work, for the first time or again after `reloading`."""
        self._send(READY=1)

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` ends it."""
        self._send(RELOADING=1, MONOTONIC_USEC=self._clock() // 1000)

    def stopping(self) -> None:
        """Say that the service is coming to its end."""
        self._send(STOPPING=1)

    def extend_timeout(self, seconds: float) -> None:
        """Ask for so much time from now on, for a start that goes on; it never shortens what there is."""
        self._send(EXTEND_TIMEOUT_USEC=round(1e6 * seconds))

    def feed_watchdog(self) -> None:
        """Keep the manager from restarting this process; cheap to call often."""
        now = self._clock()
        if self.watchdog_s is not None and now >= self._feed_due_ns:
            self._feed_due_ns = now + int(1e9 * min(FEED_S, self.watchdog_s / _FEEDS_A_PERIOD))
            self._send(WATCHDOG=1)

    def _send(self, **assignments: object) -> None:
        if self._socket is None or self._address is None:
            return
        lines = [f"{key}={str(value).replace(chr(10), ' ')}" for key, value in assignments.items()]
        try:
            self._socket.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError as cause:
            # A manager that cannot hear must not end a scanner that works.
            _log.warning("the service manager cannot be told %s: %s", lines[0], cause.strerror or cause)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """The period of the watchdog, if it watches this process."""
    period, watched = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not period.isdecimal() or int(period) == 0 or watched not in ("", str(os.getpid())):
        return None
    return int(period) / 1e6
