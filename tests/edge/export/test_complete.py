import json

from edge.export.complete import complete_json
from edge.inventory.entry import Inventory
from edge.inventory.reading import read_inventory
from edge.log.reading import read_scans


def test_nothing_is_lost(collection):
    entries = read_inventory(collection / "inventory.db")
    told = json.loads("".join(complete_json(read_scans(collection / "scans.db"), entries)))
    assert [each["card_id"] for each in told] == ["base1-4", "tr-7", "sm-1", "base1-4", "xy-9", "unk-5"]
    assert told[4]["card"]["name"] == '=HYPERLINK("http://a.example","Flabébé")'
    assert (told[1]["condition"], told[1]["finish"], told[0]["condition"]) == ("LP", "reverse", None)
    assert told[5]["card"]["finishes"] == ["cosmos holo"]
    assert told[0]["matches"] == [{"card_id": "base1-4"}]
    assert told[0]["centering"] is None
    assert json.loads("".join(complete_json([], Inventory()))) == []
