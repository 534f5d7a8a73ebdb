import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigurationError
from training.data.card_list import read_card_list

OWN = {"name": "Pip", "set_code": "a1", "set_name": "First", "number": "4"}
POKEMONTCG = {
    "id": "base1-4", "name": "Charizard", "supertype": "Pokémon", "hp": "120", "types": ["Fire"], "number": "4",
    "set": {"id": "base1", "name": "Base", "series": "Base"}, "rarity": "Rare Holo",
    "images": {"small": "https://cards/4.png", "large": "https://cards/4_hires.png"},
}  # fmt: skip
TCGDEX = {
    "id": "base1-4", "localId": "4", "name": "Charizard", "rarity": "Rare", "types": ["Fire"],
    "image": "https://assets/en/base/base1/4", "set": {"id": "base1", "name": "Base Set"},
}  # fmt: skip
UUID = "bd8fa327-dd41-4737-8f19-2cf5eb1f7cdd"
SCRYFALL = {
    "id": UUID, "name": "Black Lotus", "set": "lea", "set_id": "288bd996", "set_name": "Limited Edition Alpha",
    "collector_number": "232", "rarity": "rare", "image_uris": {"normal": "https://cards/n.jpg"},
}  # fmt: skip


def read(folder: Path, content: object, name: str = "cards.json"):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, encoding="utf-8")
    return read_card_list(folder / name)


@pytest.mark.parametrize(
    ("content", "card_id", "details"),
    [
        ([POKEMONTCG], "base1-4", ("Charizard", "base1", "Base", "4", "Rare Holo", "https://cards/4_hires.png")),
        ({"data": [POKEMONTCG], "page": 1}, "base1-4",
            ("Charizard", "base1", "Base", "4", "Rare Holo", "https://cards/4_hires.png")),
        ([TCGDEX], "base1-4", ("Charizard", "base1", "Base Set", "4", "Rare", "https://assets/en/base/base1/4")),
        ([SCRYFALL], UUID, ("Black Lotus", "lea", "Limited Edition Alpha", "232", "rare", "https://cards/n.jpg")),
        ({"base1-4": POKEMONTCG}, "base1-4",
            ("Charizard", "base1", "Base", "4", "Rare Holo", "https://cards/4_hires.png")),
        ({"a1-4": OWN}, "a1-4", ("Pip", "a1", "First", "4", None, None)),
    ],
    ids=["pokemontcg", "page", "tcgdex", "scryfall", "keyed", "own"],
)  # fmt: skip
def test_the_lists_of_the_card_sites_are_read(tmp_path, content, card_id, details):
    found = read(tmp_path, content)
    card = found.cards[card_id]
    assert (card.name, card.set_code, card.set_name, card.number, card.rarity, card.image_url) == details
    assert not found.unusable
    assert not found.completed


@pytest.mark.parametrize(
    ("more", "language", "finishes", "ids"),
    [
        ({"variants": {"normal": True, "reverse": False, "cosmos": True}}, None, ["normal", "cosmos"], {}),
        ({"variant_types": "holo|reverse", "cardmarket_id": 273699.0}, None, ["holo", "reverse"],
            {"cardmarket": "273699"}),
        ({"finishes": ["foil", "galaxy"], "lang": "zhs", "tcgplayer_id": 7, "oracle_id": "o", "id": "a1-4"}, "zh-Hans",
            ["foil", "galaxy"], {"tcgplayer": "7", "scryfall": "a1-4"}),
        ({"pricing": {"cardmarket": {"idProduct": 9}}, "language": "ja"}, "ja", [], {"cardmarket": "9"}),
        ({"product_ids": {"tcgplayer_sku:Near Mint": "5", "another": 6}}, None, [],
            {"tcgplayer_sku:Near Mint": "5", "another": "6"}),
        ({"variants": 3, "product_ids": []}, None, [], {}),
    ],
)  # fmt: skip
def test_language_finishes_and_product_numbers_are_kept_also_unheard_of_ones(tmp_path, more, language, finishes, ids):
    card = read(tmp_path, {"a1-4": OWN | more}).cards["a1-4"]
    assert (card.language, card.finishes, card.product_ids) == (language, finishes, ids)


def test_a_table_of_tcgdex_is_read_also_as_a_spreadsheet_saves_it(tmp_path):
    lines = [
        "set_id,set_name,release,local_id,tcgdex_id,name_en,rarity,category",
        'a1,"First, ",2001-01-01,4,a1-4,Pip,,',
    ]
    for text in (
        "\n".join(lines),
        "\ufeff" + "\r\n".join(lines),
        "\n".join(lines).replace(",", ";").replace("First; ", "First, "),
    ):
        found = read(tmp_path, text, "cards.csv")
        assert found.cards["a1-4"].model_dump(exclude_defaults=True) == OWN | {"set_name": "First,"}
        assert found.ignored == ("release", "category")


def test_numbers_are_text_and_what_is_missing_comes_from_the_id(tmp_path):
    found = read(
        tmp_path, {"a1-4": OWN | {"number": 4, "types": "Fire|Water"}, "b1-7": {"name": "Pop", "hp": 30}, "c1-9": {}}
    )
    assert (found.cards["a1-4"].number, found.cards["a1-4"].types) == ("4", ["Fire", "Water"])
    filled = found.cards["b1-7"]
    assert (filled.name, filled.set_code, filled.set_name, filled.number) == ("Pop", "b1", "b1", "7")
    assert found.cards["c1-9"].name == "c1-9"
    assert found.completed == (
        "b1-7: no set_code, no set_name, no number", "c1-9: no name, no set_code, no set_name, no number",
    )  # fmt: skip
    assert found.ignored == ("hp",)


def test_every_entry_that_cannot_be_used_is_named(tmp_path):
    entries = [OWN, OWN | {"id": "a1-2", "name": ["A", "B"]}, "text", OWN | {"id": "../a1"}, OWN | {"id": "a1-4"}]
    found = read(tmp_path, entries)
    assert list(found.cards) == ["a1-4"]
    assert [each.partition(":")[0] for each in found.unusable] == ["entry 1", "a1-2", "entry 3", "../a1"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cards.json", '{"a1-1": {}, "a1-2": {}, "a1-1": {}, "a1-3": {}, "a1-3": {}}', r"2 of .*\(a1-1, a1-3\)"),
        ("cards.json", '[{"id": "a1-1"}, {"id": "a1-1"}]', r"1 of the cards \(a1-1\)"),
        ("cards.csv", "id,name\na1-1,A\na1-1,B\n", r"1 of the cards \(a1-1\)"),
        ("cards.json", '{"a1-1": {"name": "A", "name": "B"}}', "a field twice: name, name"),
        ("cards.json", '{"a1-1": {"name"', "is not JSON"),
        ("cards.json", '"text"', "must be one JSON object"),
        ("cards.json", "[" * 100_000, "cards.json"),
        ("cards.csv", "name,number\nA,1\n", "no column of card ids"),
        ("cards.csv", "", "no column of card ids"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_a_sentence(tmp_path, name, text, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        read(tmp_path, text, name)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_no_fault(tmp_path):
    assert read(tmp_path, "\ufeff" + json.dumps({"a1-4": OWN})).cards["a1-4"].name == "Pip"


def test_a_table_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "cards.csv").write_bytes("id,name\na1-1,Pokémon\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="save them as UTF-8"):
        read_card_list(tmp_path / "cards.csv")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.dictionaries(st.text(), st.dictionaries(st.sampled_from(["name", "set", "number", "types", "id"]), JSON))
    | st.lists(JSON)
)
def test_any_json_gives_cards_and_reasons_or_a_sentence(tmp_path_factory, content):
    try:
        found = read(tmp_path_factory.getbasetemp(), content)
    except ConfigurationError:
        return
    assert len(found.cards) + len(found.unusable) == len(content)


def test_a_whole_export_is_read():
    file = Path(__file__).parents[3].parent / "shared" / "data" / "metadata" / "cards_en.csv"
    if not file.is_file():
        pytest.skip("no ../shared/data beside the repository")
    found = read_card_list(file)
    assert (len(found.cards), len(found.unusable), len(found.completed)) == (23639, 0, 93)
    assert (found.cards["exu-!"].name, found.cards["base1-4"].set_name) == ("Unown", "Base Set")
