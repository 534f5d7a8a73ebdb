import json
import sqlite3
from contextlib import closing

import cv2
import numpy as np
import pytest

from edge.inventory.entry import Entry
from edge.inventory.writing import InventoryFile
from tests.edge.export.conftest import collection  # noqa: F401 (a fixture)
from tests.edge.export.test_writer import GOLDEN
from training.data.card_folder import folder_gallery


@pytest.fixture
def export(scanner, collection):  # noqa: F811 (the fixture)
    def run(*arguments):
        return scanner("export", "--log", collection / "scans.db", *arguments)

    return run


def marked(folder):
    with closing(sqlite3.connect(folder / "scans.db")) as log:
        return [scan for (scan,) in log.execute("SELECT id FROM scan WHERE exported_at IS NOT NULL ORDER BY id")]


def test_a_file_its_report_and_what_is_marked_as_exported(export, collection, tmp_path):  # noqa: F811
    output, report = tmp_path / "cards.csv", tmp_path / "report.json"
    inventory = ("--inventory", collection / "inventory.db")
    outcome = export("--format", "cardmarket", "--output", output, "--report", report, *inventory)
    assert (outcome.code, outcome.out) == (0, "")
    assert output.read_bytes() == (GOLDEN / "cardmarket.csv").read_bytes()
    assert "cardmarket: 3 rows, 6 cards" in outcome.err
    assert [each["card_id"] for each in json.loads(report.read_text())["left_out"]] == ["xy-9", "unk-5"]
    assert marked(collection) == [1, 2, 3, 4]
    outcome = export("--format", "cardmarket", "--output", output)
    assert outcome.code == 2
    assert "cards.csv is there already" in outcome.complaint


def test_sessions_are_listed_and_chosen(export, collection):  # noqa: F811
    lines = export("--list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["older", "newer"]
    assert "5 scans  bench  demo" in lines[0]
    for named, cards in (("last", ["unk-5"]), ("older", ["base1-4", "tr-7", "sm-1", "base1-4", "xy-9"])):
        told = json.loads(export("--format", "json", "--session", named).out)
        assert [each["card_id"] for each in told] == cards
    outcome = export("--format", "json", "--session", "another")
    assert outcome.code == 2
    assert "there is no session another with scans" in outcome.complaint


def test_what_cannot_be_written_or_read_is_a_sentence(export, scanner, collection, tmp_path):  # noqa: F811
    outcome = export("--format", "collectr", "--output", tmp_path / "none" / "cards.csv")
    assert "cards.csv cannot be written: No such file" in outcome.complaint
    assert marked(collection) == []
    outcome = scanner("export", "--format", "json", "--log", tmp_path / "none.db")
    assert outcome.code == 1
    assert "none.db cannot be read" in outcome.complaint
    assert list(tmp_path.glob(".*.part")) == []


def test_a_log_that_may_only_be_read_is_exported_and_not_marked(export, collection):  # noqa: F811
    with closing(sqlite3.connect(collection / "scans.db")) as log:
        log.execute("BEGIN EXCLUSIVE")
        outcome = export("--format", "json")
        log.rollback()
    assert outcome.code == 0
    assert len(json.loads(outcome.out)) == 6
    assert "not marked as exported" in outcome.err


def test_corrections_are_a_folder_that_training_reads(scanner, tmp_path):
    file = InventoryFile(tmp_path / "inventory.db")
    details = {"name": "Mossy Drake", "set_code": "ab", "set_name": "First Light", "number": "7"}
    jpeg = cv2.imencode(".jpg", np.full((704, 504, 3), 90, np.uint8))[1].tobytes()
    for scan in (1, 2):
        file.change("a", scan, Entry(card_id="ab-7", card=json.dumps(details)), jpeg)
    file.change("a", 3, Entry(condition="LP"), jpeg)
    outcome = scanner("export", "--corrections", tmp_path / "out", "--inventory", file.path)
    assert (outcome.code, outcome.out) == (0, f"2 pictures of 1 card and cards.json are in {tmp_path / 'out'}\n")
    images, metadata = folder_gallery(tmp_path / "out", tmp_path / "out" / "cards.json")
    assert [image.card_id for image in images] == ["ab-7", "ab-7"]
    assert metadata["ab-7"].name == "Mossy Drake"
    assert scanner("export", "--corrections", tmp_path / "out", "--inventory", file.path).code == 2


def test_an_inventory_that_was_named_and_is_not_there_is_said(export, tmp_path):
    outcome = export("--format", "json", "--inventory", tmp_path / "none.db")
    assert outcome.code != 0
    assert "none.db cannot be read: " in outcome.complaint
