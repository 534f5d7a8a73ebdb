"""How far some work is, how fast it goes and how long it will still take, on stderr."""

import sys
import time
from collections.abc import Callable

FIRST_S, EVERY_S = 1.0, 10.0


def to_stderr(line: str) -> None:
    """Write a line that ends itself."""
    sys.stderr.write(line)


class Progress:
    """Says after a second, then every ten, how far some work is."""

    def __init__(
        self,
        total: int,
        unit: str,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = to_stderr,
    ) -> None:
        """Begin now.

        Args:
            total: of what is to be done.
            unit: what that is, in the plural.
            clock: seconds.
            say: takes one line.
        """
        self._total, self._unit, self._clock, self._say = total, unit, clock, say
        self._done = 0
        self._began = clock()
        self._next = self._began + FIRST_S

    def add(self, count: int, note: str = "") -> None:
        """Count some more; `note` is said of them where it is time to say something."""
        self._done += count
        now = self._clock()
        if now >= self._next and self._done:
            self._next = now + EVERY_S
            rate = self._done / (now - self._began)
            left = round((self._total - self._done) / rate)
            said = f"{self._done} of {self._total} {self._unit}{note}, {rate:.1f} a second"
            self._say(f"{said}, {left // 60}:{left % 60:02} left\n")
