"""The real daemon on a film of cards that come and go, as fast as it takes frames.

python -m tests.soak.played_daemon FILM run --config FILE
"""

import sys
import time
from pathlib import Path

import edge.service.daemon
from edge.cli import main
from edge.frame import Frame
from tests.soak.film import Film

FRAME_NS = round(1e9 / 30)


class PlayedSource:
    """A live source that runs faster than the world: its frames carry the time of the film, 30 a second."""

    name = "film"
    live = True
    stills = False
    gives_boxes = False

    def __init__(self, path: Path) -> None:
        self._film = Film(path)
        self._pictures = enumerate(self._film.pictures())

    def read(self) -> Frame | None:
        frame_id, image = next(self._pictures)
        return Frame(frame_id=frame_id, timestamp_ns=time.monotonic_ns(), image=image, media_ns=frame_id * FRAME_NS)

    def close(self) -> None:
        self._film.close()


if __name__ == "__main__":
    path = Path(sys.argv.pop(1))
    edge.service.daemon.open_for_daemon = lambda *_: PlayedSource(path)
    sys.exit(main())
