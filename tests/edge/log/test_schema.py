"""Files of every released version are opened; `released/` holds one of each, as `sqlite3 scans.db .dump` writes it.

A new version: never change a migration that was released, add one, and record a file of it:

    python tests/edge/log/released/record.py
"""

import sqlite3
from pathlib import Path

import pytest

from edge.files.sqlite import connect
from edge.log.file import open_log_as_it_is
from edge.log.schema import MIGRATIONS

RELEASED = sorted((Path(__file__).parent / "released").glob("version-*.sql"))


def layout(connection):
    return sorted(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall())


def test_there_is_a_file_of_every_version():
    assert [path.name for path in RELEASED] == [f"version-{k + 1}.sql" for k in range(len(MIGRATIONS))]


@pytest.mark.parametrize("recorded", RELEASED, ids=lambda path: path.stem)
def test_a_file_of_a_released_version_is_opened_and_keeps_its_rows(tmp_path, recorded):
    old = sqlite3.connect(tmp_path / "scans.db")
    old.executescript(recorded.read_text())
    old.close()
    opened, new = open_log_as_it_is(tmp_path / "scans.db"), open_log_as_it_is(tmp_path / "new.db")
    assert layout(opened) == layout(new)
    assert opened.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert opened.execute("SELECT id, card_id, probability FROM scan").fetchall() == [(1, "ab-7", 0.987)]
    assert opened.execute("SELECT count(*) FROM picture JOIN track USING (scan)").fetchone() == (1,)
    assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    opened.close()
    new.close()


def test_migrations_are_all_or_nothing(tmp_path):
    path = tmp_path / "a.db"
    with pytest.raises(sqlite3.Error, match="no such table"):
        connect(path, ("CREATE TABLE a (x);", "CREATE TABLE b (x);\nDROP TABLE c;"), wait_s=0)
    opened = sqlite3.connect(path)
    assert [name for (name,) in opened.execute("SELECT name FROM sqlite_schema")] == ["a"]
    assert opened.execute("PRAGMA user_version").fetchone() == (1,)
    opened.close()
