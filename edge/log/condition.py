"""How it stands with the log, for health and for the journal: what could not be written, what was removed."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

# A line a minute at most while the log cannot be written: a full disk must not be filled with complaints.
_SAY_EVERY_NS = 60_000_000_000

_log = logging.getLogger(__name__)


class Condition:
    """Written by the threads that use the log, read by health; safe between threads."""

    def __init__(self, path: Path, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """Start as a log that can be written.

        Args:
            path: of the log, for sentences.
            clock: monotonic, in nanoseconds.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, str] = {}
        self._damaged = False
        self._missing = 0
        self._said_ns: int | None = None
        self._removed: Counter[str] = Counter()
        self._set_aside: str | None = None

    @property
    def damaged(self) -> bool:
        """Whether the file turned out to be torn, and is to be set aside."""
        return self._damaged

    def failed(self, what: str, failure: Exception, *, missing: int = 0, damaged: bool = False) -> None:
        """One of its users failed, and so many cards that were confirmed are not in the log."""
        with self._lock:
            self._failures[what] = f"the log {self._path} cannot be {what}: {failure}"
            self._damaged |= damaged
            self._missing += missing
            self._say(f"{self._failures[what]}{'; ' + self._what_is_missing() if self._missing else ''}")

    def works(self, what: str) -> None:
        """What failed before, if it did, has succeeded; what is missing is told until the journal has it, too."""
        if not self._failures and not self._missing:
            return
        with self._lock:
            self._failures.pop(what, None)
            missing = f"; {self._what_is_missing()}" if self._missing else ""
            if not self._failures and self._say(f"the log {self._path} can be {what} again{missing}"):
                self._missing = 0

    def set_aside(self, name: str) -> None:
        """The file was damaged; it has another name now, and a new one was begun."""
        with self._lock:
            self._damaged = False
            self._set_aside = f"the log {self._path} was damaged: it is now {name}, and a new one was begun"
            _log.error("%s", self._set_aside)

    def removed(self, what: str, count: int, most_mb: int) -> None:
        """The log was full, and these were removed, the oldest first."""
        with self._lock:
            self._removed[what] += count
            _log.warning(
                "the log has reached log.max_mb = %d: removed %d %s, the oldest first; "
                "'card-scanner export' first, or raise it",
                most_mb,
                count,
                what,
            )

    def degraded(self) -> tuple[str, ...]:
        """A sentence for each thing that is wrong; what was removed or set aside is told until the scanner ends."""
        with self._lock:
            sentences = list(self._failures.values())
            if self._missing:
                sentences.append(self._what_is_missing())
            if self._set_aside is not None:
                sentences.append(self._set_aside)
            if self._removed:
                what = " and ".join(f"{count} {each}" for each, count in self._removed.items())
                sentences.append(f"the log is full: {what} were removed from it, the oldest first")
            return tuple(sentences)

    def _what_is_missing(self) -> str:
        return f"{self._missing} confirmed card{' is' if self._missing == 1 else 's are'} not in the log"

    def _say(self, sentence: str) -> bool:
        """Whether the journal got it: a sentence a minute."""
        now = self._clock()
        due = self._said_ns is None or now - self._said_ns >= _SAY_EVERY_NS
        if due:
            self._said_ns = now
            _log.warning("%s", sentence)
        return due
