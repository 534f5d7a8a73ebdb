"""How far a build is, how fast it goes and how long it will still take, on stderr."""

import sys
import time
from collections.abc import Callable, Sequence

from edge.files.printing import printable
from training.index.prepared import PreparedImage

FIRST_S, EVERY_S = 1.0, 10.0


def _to_stderr(line: str) -> None:
    sys.stderr.write(line)


class BuildProgress:
    """Says after a second, then every ten, how far the preparation of images is; and at once what cannot be used."""

    def __init__(
        self,
        images: int,
        known: int,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = _to_stderr,
    ) -> None:
        """Say what there is to do.

        Args:
            images: to prepare.
            known: that need no preparation.
            clock: seconds.
            say: takes one line.
        """
        self._images, self._known, self._clock, self._say = images, known, clock, say
        self._done = self._embedded = 0
        self._began = clock()
        self._next = self._began + FIRST_S
        say(f"{images} images to prepare, {known} are as they were\n")

    def add(self, made: Sequence[PreparedImage | str]) -> None:
        """Count some more images; a string is why one cannot be used."""
        self._done += len(made)
        self._embedded += sum(isinstance(each, PreparedImage) and each.embedded for each in made)
        for each in made:
            if isinstance(each, str):
                self._say(f"cannot be used: {printable(each)}\n")
        now = self._clock()
        if now >= self._next:
            self._next = now + EVERY_S
            self._say(f"{self._line(now - self._began)}\n")

    def _line(self, elapsed_s: float) -> str:
        rate = self._done / elapsed_s
        left = round((self._images - self._done) / rate)
        return (
            f"{self._done} of {self._images} images, {self._embedded} embedded, {rate:.1f} a second, "
            f"{left // 60}:{left % 60:02} left"
        )
