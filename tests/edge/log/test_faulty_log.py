"""The log cannot be written, is damaged, or is not there any more."""

import logging
import resource
import sqlite3
from contextlib import contextmanager

import pytest

from edge.errors import StoreError
from edge.files.sqlite import connect_to_read
from edge.log.schema import MIGRATIONS


@contextmanager
def full_disk(largest_file=8192):
    """A limit on the size of files in its place."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_cards_are_logged_again_when_there_is_room(bench, caplog):
    bench.confirm(1)
    with full_disk():
        for track in range(2, 5):
            bench.confirm(track, place="right")
        sentences = bench.scans.degraded()
    assert f"the log {bench.path} cannot be written: disk I/O error" in sentences
    assert "3 confirmed cards are not in the log" in sentences
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1
    bench.confirm(5, "ab-8")
    assert bench.cards == ["ab-7", "ab-8"]
    assert bench.scans.degraded() == ("3 confirmed cards are not in the log",)
    assert bench.read("PRAGMA integrity_check") == [("ok",)]


def test_a_folder_that_may_not_be_made_is_told_from_the_start(bench):
    bench.path = bench.path.parent / "file" / "scans.db"
    bench.path.parent.write_text("not a folder")
    bench.start()
    assert "File exists" in bench.scans.degraded()[0]
    bench.confirm(1)
    assert bench.scans.degraded()[-1] == "1 confirmed card is not in the log"
    bench.path.parent.unlink()
    bench.confirm(2)
    assert bench.cards == ["ab-7"]


@pytest.mark.parametrize("damage", ["garbage", "torn", "empty header"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(bench, damage):
    for track in range(9):
        bench.confirm(track)
    bench.scans.close()
    content = bench.path.read_bytes()
    damaged = {
        "garbage": b"not a database" * 400,
        "torn": content[: len(content) // 2],
        "empty header": bytes(100) + content[100:],
    }[damage]
    bench.path.write_bytes(damaged)
    bench.start()
    bench.confirm(0, "ab-8")
    assert bench.cards == ["ab-8"]
    (aside,) = [p for p in bench.path.parent.iterdir() if ".damaged-" in p.name and not p.name.endswith(("wal", "shm"))]
    assert aside.read_bytes() == damaged
    (sentence,) = bench.scans.degraded()
    assert sentence.endswith(f"was damaged: it is now {aside.name}, and a new one was begun")


def test_damage_that_shows_later_costs_one_card_and_is_told(bench):
    for track in range(9):
        bench.confirm(track)
    bench.scans.close()
    content = bench.path.read_bytes()
    bench.path.write_bytes(content[:4096] + b"\x55" * (len(content) - 4096))
    bench.start()
    bench.confirm(1)
    bench.confirm(2, "ab-8")
    assert bench.cards[-1] == "ab-8"
    assert any("was damaged" in sentence for sentence in bench.scans.degraded())


def test_a_file_of_a_newer_version_is_left_alone(bench):
    bench.scans.close()
    with sqlite3.connect(bench.path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    bench.start()
    bench.confirm(1)
    assert "a newer card-scanner wrote it" in bench.scans.degraded()[0]
    assert bench.read("PRAGMA user_version") == [(99,)]
    with pytest.raises(StoreError, match="a newer card-scanner wrote it"):
        connect_to_read(bench.path, MIGRATIONS)


def test_a_file_that_somebody_took_away_is_begun_anew(bench):
    bench.confirm(1)
    for path in list(bench.path.parent.iterdir()):
        path.unlink()
    bench.confirm(2, "ab-8", returned=1)
    assert bench.cards == ["ab-8"]
    assert bench.scans.degraded() == ()


def test_a_closed_log_is_read_also_where_nothing_may_be_written(bench):
    bench.confirm(1)
    bench.scans.close()
    bench.path.parent.chmod(0o555)
    try:
        reading = connect_to_read(bench.path, MIGRATIONS)
        assert reading.execute("SELECT count(*) FROM scan").fetchone() == (1,)
        reading.close()
    finally:
        bench.path.parent.chmod(0o755)


def test_a_log_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match=r"none\.db cannot be read: .*No such file"):
        connect_to_read(tmp_path / "none.db", MIGRATIONS)
