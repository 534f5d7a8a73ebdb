"""What a browser may say of scans, and what comes of it; the scanner need not run for that."""

import json
from contextlib import closing

import pytest

from edge.inventory.reading import read_inventory, read_labels
from edge.log.file import open_log_as_it_is
from tests.edge.export.conftest import write_scan
from tests.edge.page.browser import until
from tests.edge.page.conftest import PageProcess, free_ports

pytestmark = pytest.mark.e2e
THEN = "2026-10-08T09:10:11.123+00:00"


@pytest.fixture
def page(tmp_path, tiny_database):
    page = PageProcess(tmp_path, *free_ports(2), RECOGNITION__DATABASE=str(tiny_database.database))
    page.cards = sorted(tiny_database.cards)
    yield page
    page.stop()


def scan(page, *cards):
    with closing(open_log_as_it_is(page.log)) as log:
        log.execute("INSERT OR IGNORE INTO session VALUES ('a', 'bench', 'demo', ?, ?)", (THEN, THEN))
        for card_id in cards:
            write_scan(log, "a", card_id, THEN, None)
            log.execute("INSERT INTO picture VALUES (last_insert_rowid(), x'ffd8')")
    until(lambda: page.get("/scans")["summary"]["rows"] >= len(cards), 10, "the rows")


def counts(page):
    return [(row["card_id"], row["before"], row["after"]) for row in page.get("/scans")["rows"]]


def edit(page, number, **said):
    return page.tell("/edit", json.dumps({"session": "a", "scan": number, **said}))


def test_rows_of_earlier_runs_are_shown_without_a_scanner(page):
    one, other = page.cards[:2]
    scan(page, *[one, other] * 40)
    first = page.get("/scans")
    assert (len(first["rows"]), first["more"], first["trouble"]) == (60, True, None)
    assert first["rows"][0]["name"] == f"Card {other}"
    rest = page.get(f"/scans?before={first['rows'][-1]['scan']}")
    assert ([row["scan"] for row in rest["rows"]], rest["more"]) == (list(range(20, 0, -1)), False)
    assert first["summary"] | {"batch": None} == {"rows": 80, "cards": 80, "different": 2, "value": None, "batch": None}
    assert page.ask("GET", "/scans/a/1/picture")[2] == b"\xff\xd8"


def test_a_card_of_another_database_keeps_the_name_that_it_had(page):
    with closing(open_log_as_it_is(page.log)) as log:
        log.execute("INSERT INTO session VALUES ('a', 'bench', 'demo', ?, ?)", (THEN, THEN))
        details = {"name": "Mossy Drake", "set_code": "zz", "set_name": "Zigzag", "number": "9"}
        write_scan(log, "a", "zz-9", THEN, json.dumps(details))
        write_scan(log, "a", "zz-10", THEN, None)
    until(lambda: page.get("/scans")["summary"]["rows"] == 2, 10, "the rows")
    rows = page.get("/scans")["rows"]
    assert [(row["name"], row["place"]) for row in rows] == [("zz-10", ""), ("Mossy Drake", "Zigzag · 9")]
    assert page.get("/scans/a/1")["name"] == "Mossy Drake"
    assert b"<h1>Mossy Drake</h1>" in page.ask("GET", "/scans/a/1/report")[2]


def test_a_correction_to_any_card_is_found_by_name_kept_with_its_picture_and_undone(page):
    one, other = page.cards[0], page.cards[-1]
    scan(page, one, one)
    found = page.get(f"/find?q={other}")["cards"]
    assert found[0]["card_id"] == other
    assert edit(page, 1, card_id=other) == {"status": 200, "error": None, "said": None}
    assert counts(page) == [(one, 0, 1), (other, 0, 1)]
    row = page.get("/scans/a/1")
    assert (row["taken_for"], row["candidates"][0]["card_id"], row["centering"]) == (f"Card {one}", one, None)
    (label,) = read_labels(page.inventory)
    assert (label.card_id, label.jpeg, json.loads(label.card)["name"]) == (other, b"\xff\xd8", f"Card {other}")
    assert page.tell("/undo", "")["said"] == f"Undone: Card {one}, which card."
    assert counts(page) == [(one, 1, 2), (one, 0, 1)]
    assert list(read_labels(page.inventory)) == []
    assert page.tell("/redo", "")["said"] == f"Done again: Card {other}, which card."
    assert edit(page, 1, card_id=one)["error"] is None
    assert read_inventory(page.inventory).entries == {}


def test_fields_are_said_one_by_one_and_taken_back(page):
    scan(page, page.cards[0])
    assert edit(page, 1, condition="LP", finish="cosmos holo")["error"] is None
    assert edit(page, 1, quantity=3, condition=None)["error"] is None
    row = page.get("/scans/a/1")
    assert (row["condition"], row["finish"], row["quantity"], row["after"]) == (None, "cosmos holo", 3, 3)
    assert [page.tell("/undo", "")["error"] for _ in range(3)] == [None, None, "Nothing is left to undo."]
    assert page.tell("/redo", "")["error"] is None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"condition": "Good"}, "condition: Input should be 'Mint'"),
        ({"card_id": "no-1"}, "The database has no card no-1."),
        ({"quantity": 10_000}, "quantity: Input should be less than or equal to 999"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(page, said, error):
    scan(page, page.cards[0])
    answer = edit(page, 1, **said)
    assert answer["status"] == 400
    assert answer["error"].startswith(error)
    assert edit(page, 7)["error"].startswith("The log does not have this card any more")
    assert page.ask("GET", "/scans/b/1")[0] == 404


def test_a_batch_holds_from_now_on_and_a_set_lock_is_told(page):
    scan(page, page.cards[0])
    begun = page.tell("/batch", json.dumps({"label": "Box 3", "mode": "look", "condition": "LP", "set_code": "zz"}))
    assert begun["error"] is None
    assert page.get("/scans")["rows"][0]["label"] is None
    assert page.get("/scans")["summary"]["batch"]["set_code"] == "zz"
    with closing(open_log_as_it_is(page.log)) as log:
        write_scan(log, "a", page.cards[0], "2126-10-08T09:10:11.123+00:00", None)
    row, _ = until(lambda: (rows := page.get("/scans")["rows"]) and len(rows) == 2 and rows[0], 10, "the row")
    assert (row["label"], row["condition"], row["other_set"], row["before"], row["after"]) == (
        "Box 3",
        "LP",
        True,
        1,
        1,
    )


def test_prices_come_from_a_file_and_no_price_is_not_0(page):
    one, other = page.cards[:2]
    scan(page, one, other)
    given = "/prices?name=p.csv&as_of=2026-10-08&currency=eur"
    assert "the first line has to name" in page.tell(given, "x,y\n")["error"]
    assert page.tell("/prices?as_of=&currency=EUR", "card_id,price\n")["error"] == "Say the day of the prices."
    told = page.tell(given, f"card_id,price\n{one},1.50\n{other},\nzz-1,2\n")
    assert told["said"] == "1 price; 1 row without one; 1 row of cards that the database does not have: zz-1."
    rows = page.get("/scans")["rows"]
    assert [row["price"] and row["price"]["amount"] for row in rows] == [None, "1.50"]
    value = {"amount": "1.50", "currency": "EUR", "as_of": "2026-10-08", "source": "p.csv", "priced": 1}
    assert page.get("/scans")["summary"]["value"] == value


def test_what_was_said_is_still_there_after_the_page_was_killed(page):
    scan(page, page.cards[0])
    edit(page, 1, quantity=2)
    page.stop(9)
    page.start()
    until(lambda: counts(page) == [(page.cards[0], 0, 2)], 10, "the row as it was said")
    assert page.tell("/undo", "")["error"] is None


def test_nobody_says_anything_from_another_page(page):
    for path in ("/edit", "/undo", "/redo", "/batch", "/prices"):
        assert page.ask("POST", path, "{}")[0] == 403
        assert page.ask("POST", path, "{}", Host="scanner.lan", Origin="http://scanner.lan")[0] == 401
