"""How far a build is: what is prepared, what was embedded anew, and what cannot be used."""

import time
from collections.abc import Callable, Sequence

from edge.files.printing import printable
from training.index.prepared import PreparedImage
from training.progress import Progress, to_stderr


class BuildProgress:
    """Says how far the preparation of images is; and at once what cannot be used."""

    def __init__(
        self,
        images: int,
        known: int,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = to_stderr,
    ) -> None:
        """Say what there is to do.

        Args:
            images: to prepare.
            known: that need no preparation.
            clock: seconds.
            say: takes one line.
        """
        self._progress, self._say = Progress(images, "images", clock, say), say
        self._embedded = 0
        say(f"{images} images to prepare, {known} are as they were\n")

    def add(self, made: Sequence[PreparedImage | str]) -> None:
        """Count some more images; a string is why one cannot be used."""
        self._embedded += sum(isinstance(each, PreparedImage) and each.embedded for each in made)
        for each in made:
            if isinstance(each, str):
                self._say(f"cannot be used: {printable(each)}\n")
        self._progress.add(len(made), f", {self._embedded} embedded")
