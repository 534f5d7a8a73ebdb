"""Files byte for byte as those in `golden/`, which were written by hand from the headers of the sites' own files."""

import csv
from pathlib import Path

import pytest

from edge.export.formats import FORMATS, Collection
from edge.export.items import Defaults, items_of
from edge.export.writer import write_items
from edge.inventory.entry import Entry, Inventory
from edge.inventory.reading import read_inventory
from edge.log.reading import read_scans

GOLDEN = Path(__file__).parent / "golden"
COLLECTION = Collection(game="Pokemon", folder="card-scanner", today="2026-10-10")


def written(folder, name, **options):
    scans, entries = read_scans(folder / "scans.db"), read_inventory(folder / "inventory.db")
    return write_items(items_of(scans, entries, Defaults()), FORMATS[name], name, COLLECTION, **options)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_the_golden_one(collection, name):
    content, report, scans = written(collection, name)
    assert content.encode() == (GOLDEN / f"{name}.csv").read_bytes()
    assert report.rows + len(report.left_out) == 5
    assert len(scans) == report.cards - 2 * (3 in scans)


def test_there_is_a_golden_file_of_every_format():
    assert {path.stem for path in GOLDEN.iterdir()} == set(FORMATS)


@pytest.mark.parametrize(
    ("name", "left_out", "changed"),
    [
        ("collectr", [], ["ja", "Mint", "de", "cosmos holo"]),
        ("tcgplayer", [], ["cosmos holo"]),
        ("tcgplayer-seller", ["tr-7", "sm-1", "xy-9", "unk-5"], []),
        ("cardmarket", ["xy-9", "unk-5"], ["LP"]),
        ("dragonshield", [], ["holo", "LP", "reverse", "Damaged", "cosmos holo"]),
        ("pokecollector", [], ["Damaged", "cosmos holo"]),
        ("moxfield", [], ["holo", "reverse", "cosmos holo"]),
        ("manabox", [], ["holo", "LP", "reverse", "Damaged", "cosmos holo"]),
        ("deckbox", [], ["holo", "reverse", "cosmos holo"]),
    ],
)
def test_every_row_that_is_left_out_and_every_cell_that_loses_meaning_is_reported(collection, name, left_out, changed):
    _, report, _ = written(collection, name)
    assert [each.card_id for each in report.left_out] == left_out
    assert sorted(each.value for each in report.changed) == sorted(changed)
    assert report.as_json().count('"reason"') == len(left_out)


def test_the_report_gathers_what_happened_to_which_cards(collection):
    lines = list(written(collection, "cardmarket")[1].lines())
    assert lines[0] == "cardmarket: 3 rows, 6 cards"
    assert "  2 rows left out: the database has no idProduct of Cardmarket: =HYPERLINK" in lines[1]
    assert lines[2] == "  1 row: condition is 'LP', written as '3': Farfetch'd, the \"Duck\""
    assert "  finish assumed for 3 cards" in lines
    assert any("takes for a formula" in line for line in written(collection, "collectr")[1].lines())


def test_a_file_for_a_spreadsheet_has_no_formula(collection):
    content, report, _ = written(collection, "deckbox", for_excel=True)
    assert content.startswith("\ufeffCount,")
    names = [row["Name"] for row in csv.DictReader(content.removeprefix("\ufeff").splitlines())]
    assert names[3] == '\'=HYPERLINK("http://a.example","Flabébé")'
    assert report.remarks == []


def test_what_is_said_beats_the_metadata_and_they_the_usual(collection):
    defaults = Defaults(condition="MP", language="fr", finish="reverse")
    scans, entries = list(read_scans(collection / "scans.db")), read_inventory(collection / "inventory.db")
    items = {item.card_id: item for item in items_of(scans, entries, defaults)}
    assert (items["tr-7"].condition, items["tr-7"].language, items["tr-7"].finish) == ("LP", "fr", "reverse")
    assert (items["unk-5"].condition, items["unk-5"].finish, items["unk-5"].assumed) == ("MP", "reverse", {"condition"})
    usual = {item.card_id: item for item in items_of(scans, Inventory(), Defaults())}
    assert (usual["sm-1"].language, usual["base1-4"].finish, usual["tr-7"].finish) == ("ja", "holo", "normal")


def test_a_quantity_of_none_takes_a_scan_out(collection):
    scans = list(read_scans(collection / "scans.db", ["newer"]))
    assert [item.card_id for item in items_of(scans, Inventory(), Defaults())] == ["unk-5"]
    assert items_of(scans, Inventory(entries={("newer", 6): Entry(quantity=0)}), Defaults()) == []


def test_a_correction_is_the_card_and_what_was_taken_away_is_missing(collection):
    scans = list(read_scans(collection / "scans.db"))
    entries = {
        ("older", 2): Entry(card_id="ab-7", card='{"name": "Abra", "set_code": "ab", "set_name": "AB", "number": "7"}'),
        ("older", 4): Entry(quantity=-1),
        ("older", 5): Entry(quantity=-1),
    }
    items = {item.card_id: item for item in items_of(scans, Inventory(entries=entries), Defaults())}
    assert (items["ab-7"].card.name, items["ab-7"].quantity, items["xy-9"].quantity) == ("Abra", 1, -1)
    assert not items.keys() & {"tr-7", "base1-4"}
    _, report, _ = write_items(items.values(), FORMATS["collectr"], "collectr", COLLECTION)
    assert [(each.card_id, each.reason) for each in report.left_out] == [
        ("xy-9", "more copies were taken away than added")
    ]
