"""Keeps a log readable, and a disk from filling, where the same thing is said again and again."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edge.health import Clock

LINES = 10
INTERVAL_S = 10.0


@dataclass(slots=True)
class _Repetition:
    """What one place in the code has said since `since_ns`: the first `LINES` are told, all are counted."""

    since_ns: int
    count: int = 0


class FewRepetitions(logging.Filter):
    """Lets a warning or error through `LINES` times in `INTERVAL_S`; the next one after that says how many more."""

    def __init__(self, clock: Clock = time.monotonic_ns) -> None:
        """Start with nothing said."""
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[tuple[str, int], _Repetition] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a record; verdicts and what else is only informative are all written."""
        if record.levelno < logging.WARNING:
            return True
        with self._lock:
            return self._counted(record)

    def _counted(self, record: logging.LogRecord) -> bool:
        now, place = self._clock(), (record.pathname, record.lineno)
        said = self._said.setdefault(place, _Repetition(now))
        if now - said.since_ns > 1e9 * INTERVAL_S:
            left_out = max(0, said.count - LINES)
            said = self._said[place] = _Repetition(now)
            if left_out:
                record.msg = f"{record.getMessage()} (and {left_out} more such lines before)"
                record.args = None
        said.count += 1
        if said.count == LINES:
            record.msg = f"{record.getMessage()} (more such lines within {INTERVAL_S:.0f} s are only counted)"
            record.args = None
        return said.count <= LINES


@contextmanager
def few_repetitions() -> Iterator[None]:
    """Keep what the log's handlers write small, for a program that runs for months."""
    handlers, few = tuple(logging.getLogger("edge").handlers), FewRepetitions()
    for handler in handlers:
        handler.addFilter(few)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(few)
