import os
import subprocess
import sys
import tempfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from edge.inventory.entry import Batch, Entry
from edge.inventory.writing import InventoryFile
from edge.log.file import open_log_as_it_is
from edge.page.collection import Collection
from tests.edge.export.conftest import write_scan


class Shop:
    """A log, an inventory, and the collection that reads both."""

    def __init__(self, folder):
        self.log, self.file = folder / "log" / "scans.db", InventoryFile(folder / "inventory" / "inventory.db")
        self.file.prepare()
        self.collection = Collection(self.log, self.file.path)

    def scan(self, *cards, at="2026-10-08T09:10:11.123+00:00", session="a"):
        with closing(open_log_as_it_is(self.log)) as log:
            log.execute("INSERT OR IGNORE INTO session VALUES (?, 'bench', 'demo', ?, ?)", (session, at, at))
            for card_id in cards:
                write_scan(log, session, card_id, at, None)

    def sql(self, statement):
        with closing(open_log_as_it_is(self.log)) as log:
            log.execute(statement)

    @property
    def counts(self):
        assert self.collection.refresh()
        return [(row.scan, row.card_id, row.before, row.after) for row in self.collection.rows]


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def test_a_log_that_is_not_there_yet_has_no_rows(shop):
    assert shop.counts == []
    assert shop.collection.trouble is None
    shop.scan("x-1")
    assert shop.counts == [(1, "x-1", 0, 1)]
    assert not shop.collection.refresh()


def test_rows_are_counted_as_they_come_and_again_when_something_is_said(shop):
    shop.scan("x-1", "x-2", "x-1")
    assert shop.counts == [(1, "x-1", 0, 1), (2, "x-2", 0, 1), (3, "x-1", 1, 2)]
    shop.scan("x-1")
    assert shop.counts[-1] == (4, "x-1", 2, 3)
    shop.file.change("a", 1, Entry(card_id="x-2"))
    assert shop.counts == [(1, "x-2", 0, 1), (2, "x-2", 1, 2), (3, "x-1", 0, 1), (4, "x-1", 1, 2)]
    assert (shop.collection.rows[0].taken_for, shop.collection.cards, shop.collection.different) == ("x-1", 4, 2)
    shop.file.change("a", 3, Entry(quantity=0))
    assert shop.counts[2:] == [(3, "x-1", 0, 0), (4, "x-1", 0, 1)]


def test_what_the_scanner_takes_back_or_removes_is_followed(shop):
    shop.scan(*["x-1"] * 400)
    assert len(shop.counts) == 400
    shop.sql("UPDATE scan SET card_id = 'x-2' WHERE id = 399")
    assert shop.counts[398:] == [(399, "x-2", 0, 1), (400, "x-1", 398, 399)]
    shop.sql("DELETE FROM scan WHERE id <= 10")
    assert shop.counts[0] == (11, "x-1", 0, 1)
    assert shop.collection.of("a", 10) is None


def test_batches_decide_what_a_scan_does(shop):
    shop.scan("x-1", at="2026-10-08T09:10:11.123+00:00")
    shop.file.begin(Batch(mode="subtract", label="Box 3"))
    shop.scan("x-1", at="2126-10-08T09:10:11.123+00:00")
    assert shop.counts == [(1, "x-1", 0, 1), (2, "x-1", 1, 0)]
    assert (shop.collection.cards, shop.collection.different, shop.collection.rows[1].batch.label) == (0, 0, "Box 3")


def test_only_cards_that_have_a_price_are_worth_something(shop):
    shop.scan("x-1", "x-2", "x-3", "x-1")
    shop.file.change("a", 4, Entry(finish="Holo"))
    shop.file.put_prices("p.csv", "2026-10-08", "EUR", {("x-1", ""): "1.10", ("x-1", "holo"): "5", ("x-3", ""): "0"})
    shop.collection.refresh()
    prices = [row.price and row.price.amount for row in shop.collection.rows]
    assert prices == ["1.10", None, "0", "5"]
    assert shop.collection.worth == (Decimal("6.10"), 3)


def test_a_log_that_cannot_be_read_is_told_and_read_again_once_it_can(shop):
    shop.scan("x-1")
    content = shop.log.read_bytes()
    shop.log.write_bytes(b"nothing of the kind" * 100)
    assert shop.collection.refresh()
    assert "cannot be read" in shop.collection.trouble
    shop.log.write_bytes(content)
    assert shop.counts == [(1, "x-1", 0, 1)]
    assert shop.collection.trouble is None


READ = """
import os, sys
from pathlib import Path
from edge.log.reading import read_picture, read_scanned
os.setgroups([54321]), os.setgid(54321), os.setuid(54322)
path = Path(sys.argv[1])
assert not os.access(path, os.W_OK) and not os.access(path.parent, os.W_OK)
print(len(read_scanned(path)[0]), read_picture(path, "a", 1))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become other users")
@pytest.mark.parametrize("state", ["closed", "open", "killed"])
def test_a_user_of_the_group_that_may_only_read_reads_the_log(tmp_path, state):
    """As the page's service does: whether the scanner runs, has ended, or was killed and left its write-ahead log."""
    for folder in (tmp_path, *tmp_path.parents):
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)
    folder = tmp_path / "log"
    folder.mkdir(mode=0o750)
    write = (
        "import os, sys; from pathlib import Path; from edge.log.file import open_log_as_it_is as opened; "
        "os.umask(0o077); os.setgid(54321); os.setuid(54323); log = opened(Path(sys.argv[1])); "
        "log.execute(\"INSERT INTO session VALUES ('a', 'bench', 'demo', 'then', 'now')\"); "
        'log.execute("INSERT INTO scan (session, confirmed_at, captured_at, frame_id, card_id, matches, model_id,'
        " database) VALUES ('a', 'then', 'then', 1, 'x-1', '[]', 'm', 'd')\"); "
        "log.execute(\"INSERT INTO picture VALUES (1, x'ff')\"); "
        f"log.close() if {state == 'closed'} else None; print('written', flush=True); sys.stdin.read()"
    )
    os.chown(folder, 54323, 54321)
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    writer = subprocess.Popen(
        [sys.executable, "-c", write, str(folder / "scans.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
    )  # fmt: skip
    try:
        assert writer.stdout.readline() == b"written\n"
        assert (folder / "scans.db").stat().st_mode & 0o777 == 0o640
        if state == "killed":
            writer.kill()
            writer.wait()
        assert (folder / "scans.db-wal").exists() == (state != "closed")
        read = subprocess.run(
            [sys.executable, "-c", READ, str(folder / "scans.db")],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
        )
        assert (read.stdout, read.returncode) == ("1 b'\\xff'\n", 0), read.stderr
    finally:
        writer.kill()
        writer.communicate()


def test_a_card_that_is_added_costs_no_reading_of_all_the_others(shop):
    shop.scan("x-1", "x-2")
    shop.file.change("a", 1, Entry(condition="LP"))
    shop.collection.refresh()
    rows = shop.collection.rows
    shop.scan("x-3")
    assert len(shop.counts) == 3
    assert shop.collection.rows is rows


STRANGER = """
import os, sys
from pathlib import Path
from edge.page.collection import Collection
folder = Path(sys.argv[1])
os.setgroups([]), os.setgid(54329), os.setuid(54329)
collection = Collection(folder / "log" / "scans.db", folder / "inventory" / "inventory.db")
print(collection.refresh(), collection.trouble)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become other users")
@pytest.mark.parametrize("hidden", ["log", "inventory"])
def test_a_file_that_is_out_of_reach_is_told_and_not_taken_for_none(shop, tmp_path, hidden):
    shop.scan("x-1")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    for name in ("log", "inventory"):
        (tmp_path / name).chmod(0o700 if name == hidden else 0o755)
    for path in (shop.log, shop.file.path):
        path.chmod(0o644)
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", STRANGER, str(tmp_path)]
    read = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert read.returncode == 0, read.stderr
    assert "Permission denied" in read.stdout
    assert "readable for the user of the page" in read.stdout
