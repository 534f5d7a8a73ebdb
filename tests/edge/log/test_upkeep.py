import sqlite3
import threading

import pytest

from edge.log.upkeep import Upkeep


@pytest.fixture
def upkeep(bench):
    def of(most_mb):
        return Upkeep(bench.scans, most_mb, threading.Event())

    return of


def export(bench, scans):
    with sqlite3.connect(bench.path) as other:
        other.execute(f"UPDATE scan SET exported_at = 'now' WHERE id IN ({', '.join(map(str, scans))})")
    other.close()


def fill(bench, count):
    """With pictures of 1 MB."""
    for track in range(count):
        bench.confirm(track)
    with sqlite3.connect(bench.path) as other:
        other.execute("UPDATE picture SET jpeg = zeroblob(1000000)")
    other.close()


def test_what_was_committed_is_taken_into_the_file(bench, upkeep):
    bench.confirm(1)
    bench.confirm(2)
    before = bench.path.stat().st_size
    upkeep(1000).look_after()
    assert bench.path.stat().st_size > before
    bench.confirm(3)
    assert bench.path.with_name("scans.db-wal").stat().st_size < 2 * bench.path.stat().st_size
    assert bench.scans.degraded() == ()


def test_the_oldest_exported_scans_go_first_then_pictures_then_the_rest_and_it_is_said(
    bench, upkeep, caplog, monkeypatch
):
    monkeypatch.setattr("edge.log.upkeep._AT_ONCE", 2)
    fill(bench, 12)
    export(bench, (3, 4, 5, 6))
    upkeep(11).look_after()
    assert [scan for (scan,) in bench.read("SELECT id FROM scan ORDER BY id")] == [1, 2, *range(5, 13)]
    (sentence,) = bench.scans.degraded()
    assert sentence == "the log is full: 2 exported scans were removed from it, the oldest first"
    assert "log.max_mb = 11: removed 2 exported scans, the oldest first" in caplog.text
    upkeep(6).look_after()
    assert bench.read("SELECT count(*) FROM scan") == [(8,)]
    assert [scan for (scan,) in bench.read("SELECT scan FROM picture ORDER BY scan")] == [9, 10, 11, 12]
    assert "4 pictures of scans that were not exported" in bench.scans.degraded()[0]
    bench.confirm(1)
    assert bench.read("PRAGMA foreign_key_check") == []


def test_a_card_whose_scan_was_removed_is_no_failure(bench, upkeep):
    bench.confirm(1)
    with sqlite3.connect(bench.path) as other:
        other.execute("PRAGMA foreign_keys = ON")
        other.execute("DELETE FROM scan")
    other.close()
    bench.confirm(1, place="right")
    bench.leave(1)
    assert bench.scans.degraded() == ()


def test_the_time_is_noted_while_a_card_lies_there(bench, upkeep):
    alive = "SELECT alive_at > '2001' FROM session"
    with sqlite3.connect(bench.path) as other:
        other.execute("UPDATE session SET alive_at = '2000'")
    other.close()
    upkeep(1000).look_after()
    assert bench.read(alive) == [(0,)]
    bench.confirm(1)
    upkeep(1000).look_after()
    assert bench.read(alive) == [(1,)]


def test_a_log_that_cannot_be_looked_after_is_told_until_it_can(bench, upkeep):
    keeping, away = upkeep(1000), bench.path.with_name("away")
    bench.scans.close()
    bench.path.rename(away)
    bench.path.mkdir()
    keeping.look_after()
    assert "cannot be looked after: " in bench.scans.degraded()[0]
    bench.path.rmdir()
    away.rename(bench.path)
    keeping.look_after()
    assert bench.scans.degraded() == ()
