import pytest

from edge.page.search import CardSearch
from edge.wire.messages import CardDetails


def card(name, code, set_name, number):
    return CardDetails(name=name, set_code=code, set_name=set_name, number=number)


SEARCH = CardSearch(
    {
        "base1-58": card("Pikachu", "base1", "Base Set", "58/102"),
        "base1-14": card("Raichu", "base1", "Base Set", "14/102"),
        "jungle-60": card("Pikachu", "jungle", "Jungle", "060/064"),
        "xy-4": card("Pikachu & Zekrom GX", "xy", "Base Set 2", "4"),
        "fl-7": card("Flabébé", "fl", "First Light", "7"),
    }
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pikachu", ["base1-58", "jungle-60", "xy-4"]),
        ("PIKA 58", ["base1-58"]),
        ("60/64", ["jungle-60"]),
        ("#58", ["base1-58"]),
        ("base set 14", ["base1-14"]),
        ("FLABÉBÉ", ["fl-7"]),
        ("chu", ["base1-58", "jungle-60", "xy-4", "base1-14"]),
        ("jungle-60", ["jungle-60"]),
        ("mew", []),
        ("  ", []),
    ],
)
def test_every_word_is_somewhere_and_what_is_meant_comes_first(text, found):
    assert SEARCH.find(text, 10) == found


def test_no_more_than_asked_for():
    assert len(SEARCH.find("p", 2)) == 2


def test_a_card_has_its_place():
    assert SEARCH.at("Base1", "058") == SEARCH.at("base set", "58/102") == "base1-58"
    assert SEARCH.at("base1", "59") is None
