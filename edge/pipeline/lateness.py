"""Answers that come too late to be of use: counted, and said while it goes on."""

import time

from edge.health import Clock

# layout: a card leaves now and then before its answer; so many in a row are told, for as long as somebody may look.
TOLD_AFTER = 5
TOLD_S = 60.0


class LateAnswers:
    """Counts them. Written by one thread, read by others."""

    def __init__(self, clock: Clock = time.monotonic_ns) -> None:
        """Start with none; the clock says how long ago the newest came."""
        self.count = 0
        self._in_a_row = 0
        self._newest_ns = 0
        self._clock = clock

    def late(self) -> None:
        """One more came too late."""
        self.count += 1
        self._in_a_row += 1
        self._newest_ns = self._clock()

    def in_time(self) -> None:
        """One came that could be used."""
        self._in_a_row = 0

    def degraded(self) -> tuple[str, ...]:
        """A sentence while every answer comes too late."""
        recent = self._clock() - self._newest_ns < 1e9 * TOLD_S
        if self._in_a_row < TOLD_AFTER or not recent:
            return ()
        return (f"recognition is too slow: its newest {self._in_a_row} answers came when the card had left or changed",)
