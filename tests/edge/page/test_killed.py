"""The page is killed again and again while somebody corrects cards and others are scanned."""

import json
import random
import threading
from contextlib import closing
from http.client import HTTPException

import pytest

from edge.files.sqlite import connect_to_read
from edge.inventory.schema import MIGRATIONS
from edge.log.file import open_log_as_it_is
from tests.edge.export.conftest import write_scan
from tests.edge.page.browser import until
from tests.edge.page.conftest import PageProcess, free_ports

THEN = "2026-10-08T09:10:11.123+00:00"
KILLS = 100


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_what_the_page_has_answered_is_kept_once_however_often_it_is_killed(tmp_path, tiny_database):
    chance, answered, number = random.Random(0), [], 0
    cards = sorted(tiny_database.cards)
    page = PageProcess(tmp_path, *free_ports(2), RECOGNITION__DATABASE=str(tiny_database.database))
    with closing(open_log_as_it_is(page.log)) as log:
        log.execute("INSERT INTO session VALUES ('a', 'bench', 'demo', ?, ?)", (THEN, THEN))
        for kill in range(KILLS):
            write_scan(log, "a", cards[kill % len(cards)], THEN, None)
            until(lambda count=kill + 1: page.get("/scans")["summary"]["rows"] == count, 20, "the new row")
            killer = threading.Timer(chance.uniform(0, 0.3), page.process.kill)
            killer.start()
            while True:
                number += 1
                said = {"session": "a", "scan": chance.randint(1, kill + 1), "finish": f"finish {number}"}
                try:
                    answer = page.tell("/edit", json.dumps(said))
                except (OSError, HTTPException):
                    break
                assert answer["error"] is None
                answered.append((said["scan"], said["finish"]))
            killer.join()
            page.process.communicate()
            page.start()
    page.stop()
    with closing(connect_to_read(page.inventory, MIGRATIONS)) as inventory:
        edits = inventory.execute("SELECT scan, after FROM edit ORDER BY id").fetchall()
        written = [(scan, json.loads(after)["finish"]) for scan, after in edits]
        assert inventory.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        entries = dict(inventory.execute("SELECT scan, finish FROM entry").fetchall())
    assert len(written) == len(set(written))
    assert [each for each in written if each in set(answered)] == answered
    assert len(written) - len(answered) <= KILLS  # written, and killed before that was said
    assert entries == dict(written)
    assert len(answered) > KILLS
