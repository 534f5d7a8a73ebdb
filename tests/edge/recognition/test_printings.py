from types import SimpleNamespace

import pytest

from edge.database.search import Match
from edge.recognition.printings import tied_printings
from edge.recognition.verification import Verification

GROUP = frozenset({"a", "b", "c"})
DATABASE = SimpleNamespace(alike=lambda card_id: GROUP if card_id in GROUP else frozenset({card_id}))


def matches(*distances: float) -> tuple[Match, ...]:
    return tuple(
        Match(card_id=card_id, distance=distance, rotation=0)
        for card_id, distance in zip("badefg", distances, strict=False)
    )


def verification(card_id: str | None, *, decided: bool, identical: bool = False) -> Verification:
    return Verification(card_id=card_id, decided=decided, evidence={}, margin=0.0, identical=identical)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (verification(None, decided=False, identical=True), "are the same"),
        (verification(None, decided=False), "hidden or blurred"),
        (verification("a", decided=False), "cannot be made out"),
    ],
)
def test_a_check_that_does_not_decide_leaves_the_whole_group(found, reason):
    printings = tied_printings(DATABASE, matches(0.1, 0.11, 0.4), found)
    assert printings.card_ids == ("b", "a", "c")
    assert reason in printings.reason


def test_a_check_that_decides_leaves_one():
    assert tied_printings(DATABASE, matches(0.1, 0.1, 0.4), verification("b", decided=True)) is None


def test_cards_that_no_group_holds_tie_where_the_model_sees_them_as_equal():
    equal = tuple(Match(card_id=card_id, distance=0.1, rotation=0) for card_id in "xy")
    assert tied_printings(DATABASE, equal, None).card_ids == ("x", "y")
    assert tied_printings(DATABASE, matches(0.1, 0.11, 0.4), None) is None
