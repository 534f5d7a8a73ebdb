import json
import sqlite3

import pytest

from edge.errors import StoreError
from edge.files.sqlite import connect
from edge.inventory.entry import Batch, Entry, Inventory
from edge.inventory.reading import read_inventory, read_labels, read_prices
from edge.inventory.schema import MIGRATIONS
from edge.inventory.writing import InventoryFile


def test_a_file_of_the_first_version_keeps_what_was_said(tmp_path):
    path = tmp_path / "inventory.db"
    old = connect(path, MIGRATIONS[:1], wait_s=1)
    old.execute("INSERT INTO entry (session, scan) VALUES ('a', 1)")
    old.execute("INSERT INTO entry VALUES ('b', 1, 3, 'LP', 'ja', 'cosmos holo')")
    old.close()
    InventoryFile(path).prepare()
    assert read_inventory(path).entries == {
        ("a", 1): Entry(quantity=1),
        ("b", 1): Entry(quantity=3, condition="LP", language="ja", finish="cosmos holo"),
    }


def test_another_file_is_refused(tmp_path):
    (tmp_path / "a.db").write_text("not a database, but long enough to look like one" * 100)
    with pytest.raises(StoreError, match="a.db cannot be read: file is not a database"):
        read_inventory(tmp_path / "a.db")


def test_what_is_said_of_a_scan_comes_before_what_its_batch_has():
    first = Batch(batch=1, started_at="2026-10-08T10:00:00.000+00:00", condition="LP", language="de")
    second = Batch(batch=2, started_at="2026-10-08T11:00:00.000+00:00", mode="subtract", finish="reverse")
    third = Batch(batch=3, started_at="2026-10-08T12:00:00.000+00:00", mode="look")
    inventory = Inventory(entries={("a", 2): Entry(condition="NM")}, batches=(first, second, third))
    assert inventory.of("a", 1, "2026-10-08T09:59:59.999+00:00") == Entry(quantity=1)
    assert inventory.of("a", 1, "2026-10-08T12:30:00.000+02:00") == Entry(quantity=1, condition="LP", language="de")
    assert inventory.of("a", 2, "2026-10-08T10:30:00.000+00:00") == Entry(quantity=1, condition="NM", language="de")
    assert inventory.of("a", 1, "2026-10-08T11:00:00.000+00:00") == Entry(quantity=-1, finish="reverse")
    assert inventory.of("a", 1, "2026-10-08T12:00:00.000+00:00") == Entry(quantity=0)


def test_changes_are_undone_and_done_again_until_another_change_is_made(tmp_path):
    file = InventoryFile(tmp_path / "inventory.db")
    file.change("a", 1, Entry(condition="LP"))
    file.change("a", 1, Entry(condition="LP", quantity=0))
    file.change("a", 1, Entry(condition="LP", quantity=0))  # changes nothing
    undone = file.undo()
    assert (undone.session, undone.scan, undone.after) == ("a", 1, Entry(condition="LP", quantity=0))
    assert read_inventory(file.path).entries == {("a", 1): Entry(condition="LP")}
    file.undo()
    assert file.undo() is None
    assert read_inventory(file.path).entries == {}
    file.redo()
    file.change("a", 2, Entry(finish="holo"))
    assert file.redo() is None
    assert read_inventory(file.path).entries == {("a", 1): Entry(condition="LP"), ("a", 2): Entry(finish="holo")}


def test_a_correction_keeps_its_picture_and_is_no_label_once_it_is_undone(tmp_path):
    file = InventoryFile(tmp_path / "inventory.db")
    file.change("a", 1, Entry(card_id="x-1", card=json.dumps({"name": "X"})), b"jpeg")
    assert [(each.card_id, each.jpeg) for each in read_labels(file.path)] == [("x-1", b"jpeg")]
    file.undo()
    assert list(read_labels(file.path)) == []
    file.redo()
    assert [each.card_id for each in read_labels(file.path)] == ["x-1"]


def test_prices_take_the_place_of_former_ones_and_a_card_without_one_has_none(tmp_path):
    file = InventoryFile(tmp_path / "inventory.db")
    file.put_prices("old.csv", "2026-10-01", "USD", {("x-1", ""): "1.00", ("x-2", ""): "2"})
    file.put_prices("new.csv", "2026-10-08", "EUR", {("x-1", ""): "0", ("x-1", "holo"): "3.50"})
    prices = read_prices(file.path)
    assert {key: price.amount for key, price in prices.items()} == {("x-1", ""): "0", ("x-1", "holo"): "3.50"}
    assert {(price.currency, price.as_of, price.source) for price in prices.values()} == {
        ("EUR", "2026-10-08", "new.csv")
    }


def test_a_batch_begins_now_and_what_was_written_is_in_the_file_itself(tmp_path):
    file = InventoryFile(tmp_path / "inventory.db")
    file.begin(Batch(label="Box 3", mode="subtract", set_code="base1"))
    (batch,) = read_inventory(file.path).batches
    assert (batch.label, batch.mode, batch.set_code, batch.condition) == ("Box 3", "subtract", "base1", None)
    alone = sqlite3.connect(f"file:{file.path}?immutable=1", uri=True)
    assert alone.execute("SELECT count(*) FROM batch").fetchone() == (1,)
    alone.close()
