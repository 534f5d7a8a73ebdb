"""Searches for cards that fail: the source of frames is sound, so they are counted, said, and tried again."""

import logging
import time
from concurrent.futures import Future
from typing import TypeVar

from edge.health import Clock

# layout: long enough to be read.
TOLD_S = 10.0

T = TypeVar("T")

_log = logging.getLogger(__name__)


class SearchFailures:
    """Counts them, and keeps what the newest says: it holds a frame. Written by one thread, read by others."""

    def __init__(self, clock: Clock = time.monotonic_ns) -> None:
        """Start with none; the clock says how long ago the newest was."""
        self.count = 0
        self._newest: tuple[int, str] | None = None
        self._clock = clock

    def add(self, failure: Exception) -> None:
        """One more has failed; the first for a while is logged with all that is known of it."""
        if not self.degraded():
            _log.warning("the search for cards failed and is tried again: %s", failure, exc_info=failure)
        self.count += 1
        self._newest = self._clock(), str(failure) or type(failure).__name__

    def outcome(self, result: "Future[T]") -> T | None:
        """What a finished search has come to; None where it failed, which says nothing of what is there."""
        failure = result.exception()
        if failure is None:
            return result.result()
        if not isinstance(failure, Exception):
            raise failure
        self.add(failure)
        return None

    def degraded(self) -> tuple[str, ...]:
        """A sentence while they go on, and for a moment after."""
        newest = self._newest
        if newest is None or self._clock() - newest[0] > 1e9 * TOLD_S:
            return ()
        return (f"the search for cards has failed {self.count} times: {newest[1]}",)
