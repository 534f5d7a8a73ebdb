from contextlib import closing

import pytest

from edge.errors import StoreError
from edge.files.sqlite import connect
from edge.inventory.reading import Entry, read_entries
from edge.inventory.schema import MIGRATIONS


def test_entries_are_of_a_session_and_a_scan(tmp_path):
    with closing(connect(tmp_path / "inventory.db", MIGRATIONS, wait_s=1)) as inventory:
        inventory.execute("INSERT INTO entry (session, scan) VALUES ('a', 1)")
        inventory.execute("INSERT INTO entry VALUES ('b', 1, 3, 'LP', 'ja', 'cosmos holo')")
    assert read_entries(tmp_path / "inventory.db") == {
        ("a", 1): Entry(),
        ("b", 1): Entry(quantity=3, condition="LP", language="ja", finish="cosmos holo"),
    }


def test_another_file_is_refused(tmp_path):
    (tmp_path / "a.db").write_text("not a database, but long enough to look like one" * 100)
    with pytest.raises(StoreError, match="a.db cannot be read: file is not a database"):
        read_entries(tmp_path / "a.db")
