import json
from contextlib import closing

import pytest

from edge.files.sqlite import connect
from edge.inventory.schema import MIGRATIONS
from edge.log.file import open_log_as_it_is

FIRST, NEXT = "2026-10-08T09:10:11.123+00:00", "2026-10-09T20:00:00.000+00:00"
NAMES = {
    "base1-4": ("Charizard", "base1", "Base Set", "4", "Rare"),
    "tr-7": ('Farfetch\'d, the "Duck"', "tr", 'Rocket\'s "Best", Vol. 1', "7/82", None),
    "sm-1": ("ピカチュウ", "sm", "サン&ムーン", "1", "Common"),
    "xy-9": ('=HYPERLINK("http://a.example","Flabébé")', "xy", "XY Ümlaut", "9", "Rare"),
    "unk-5": ("Mew", "unk", "Promos", "5", "Promo"),
}
EXTRAS = {
    "base1-4": {
        "finishes": ["holo"],
        "product_ids": {
            "tcgplayer": "42382",
            "tcgplayer_sku:Near Mint Holofoil": "3007511",
            "cardmarket": "273699",
            "scryfall": "s-1",
            "manabox": "7",
        },
    },
    "tr-7": {"finishes": ["normal", "reverse"], "product_ids": {"cardmarket": "900"}},
    "sm-1": {"language": "ja", "product_ids": {"cardmarket": "901", "tcgplayer": "77"}},
    "xy-9": {},
    "unk-5": {"finishes": ["cosmos holo"], "product_ids": {"tcgplayer": "88"}},
}
SCANS = (("base1-4", FIRST), ("tr-7", NEXT), ("sm-1", NEXT), ("base1-4", NEXT), ("xy-9", NEXT), ("unk-5", NEXT))
ENTRIES = ((2, 1, "LP", None, "reverse"), (3, 3, "Mint", None, None), (5, 1, "Damaged", "de", "normal"))


def write_scan(connection, session, card_id, confirmed_at, card):
    connection.execute(
        "INSERT INTO scan (session, confirmed_at, captured_at, frame_id, card_id, card, distance, probability, matches,"
        " model_id, database) VALUES (?, ?, ?, 1, ?, ?, 0.1, 0.99, ?, 'model', 'demo')",
        (session, confirmed_at, confirmed_at, card_id, card, f'[{{"card_id": "{card_id}"}}]'),
    )


@pytest.fixture
def collection(tmp_path):
    """A log of six scans of five cards, and an inventory that says something of three."""
    with closing(open_log_as_it_is(tmp_path / "scans.db")) as log:
        for session, started_at in (("older", FIRST), ("newer", NEXT)):
            log.execute("INSERT INTO session VALUES (?, 'bench', 'demo', ?, 'now')", (session, started_at))
        for number, (card_id, confirmed_at) in enumerate(SCANS):
            keys = ("name", "set_code", "set_name", "number", "rarity")
            card = dict(zip(keys, NAMES[card_id], strict=True)) | EXTRAS[card_id]
            session = "newer" if number == len(SCANS) - 1 else "older"
            write_scan(log, session, card_id, confirmed_at, json.dumps(card, ensure_ascii=False))
    with closing(connect(tmp_path / "inventory.db", MIGRATIONS, wait_s=1)) as inventory:
        inventory.executemany(
            "INSERT INTO entry (session, scan, quantity, condition, language, finish) VALUES ('older', ?, ?, ?, ?, ?)",
            ENTRIES,
        )
    return tmp_path
