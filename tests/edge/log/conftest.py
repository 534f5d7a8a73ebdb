import sqlite3

import numpy as np
import pytest

from edge.log.rows import Look, Provenance
from edge.log.scan_log import ScanLog
from edge.log.session import LoggedSession
from edge.wire.envelope import Topic
from tests.wire_messages import card_message

PLACES = {
    "left": [(100.0, 100.0), (163.0, 100.0), (163.0, 188.0), (100.0, 188.0)],
    "right": [(300.0, 100.0), (363.0, 100.0), (363.0, 188.0), (300.0, 188.0)],
}
IMAGE = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)


class Bench:
    """A scanner's log, and what the scanner tells it."""

    def __init__(self, path):
        self.path = path
        self.started = 0
        self.scans = None
        self.start()

    def start(self, source="v4l2:/dev/video0", live=True):
        """A scanner that starts, after one that was killed where there was one."""
        self.started += 1
        session = LoggedSession(session=f"session-{self.started}", device="bench", source=source, live=live)
        self.scans = ScanLog(self.path, session, lambda: Provenance(model_id="model", database="demo"))
        self.stretch = 0

    def tell(self, topic, track, card="ab-7", place="left", shown_since=0, **changes):
        fields = {"session": self.scans.session.session, "track_id": track, "corners": PLACES[place], "card_id": card}
        message = card_message(topic=topic, **(fields | changes))
        look = Look(image=IMAGE, quad=np.array(PLACES[place]), shown_since=shown_since)
        self.scans.take([message], self.stretch, look if topic is Topic.CONFIRMED else None)

    def confirm(self, track, card="ab-7", place="left", shown_since=0, **changes):
        self.tell(Topic.CONFIRMED, track, card, place, shown_since, **changes)

    def leave(self, track, **changes):
        self.tell(Topic.LEFT, track, **changes)

    def read(self, query):
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        rows = connection.execute(query).fetchall()
        connection.close()
        return rows

    @property
    def cards(self):
        return [card for (card,) in self.read("SELECT card_id FROM scan ORDER BY id")]

    @property
    def lying(self):
        return self.read("SELECT session, track_id, scan FROM track WHERE left_at IS NULL ORDER BY 1, 2")


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "log" / "scans.db")
    yield bench
    bench.scans.close()
