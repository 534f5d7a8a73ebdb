import pytest

from edge.detection import cards
from training.evaluation.choices import changed, number, rule

CARDS = "edge.detection.cards"


def test_a_number_is_halved_doubled_and_switched_off():
    choice = number(CARDS, "MIN_SCORE", off=0.0)
    assert (choice.name, choice.value) == ("cards.MIN_SCORE", cards.MIN_SCORE)
    assert {how: change[CARDS, "MIN_SCORE"] for how, change in choice.changes.items()} == {
        "off": 0.0,
        "half": cards.MIN_SCORE / 2,
        "double": cards.MIN_SCORE * 2,
    }


def test_whole_numbers_stay_whole_and_what_changes_nothing_is_left_out(monkeypatch):
    monkeypatch.setattr(cards, "MIN_SCORE", 1)
    assert list(number(CARDS, "MIN_SCORE").changes) == ["double"]
    monkeypatch.setattr(cards, "MIN_SCORE", (3, 0.5))
    assert number(CARDS, "MIN_SCORE").changes["half"] == {(CARDS, "MIN_SCORE"): (2, 0.25)}
    monkeypatch.setattr(cards, "MIN_SCORE", ((0.5, 8), (1.0, 2)))
    assert number(CARDS, "MIN_SCORE").changes["half"] == {(CARDS, "MIN_SCORE"): ((0.25, 4), (0.5, 1))}


def test_a_change_ends_with_its_block_whatever_happens():
    before = cards.MIN_SCORE
    with pytest.raises(ZeroDivisionError), changed(number(CARDS, "MIN_SCORE").changes["double"]):
        assert 2 * before == cards.MIN_SCORE
        raise ZeroDivisionError
    assert before == cards.MIN_SCORE


def test_a_number_that_others_import_is_changed_there_too():
    choice = number(CARDS, "MIN_SCORE", also_in=("edge.detection.others",))
    assert set(choice.changes["half"]) == {(CARDS, "MIN_SCORE"), ("edge.detection.others", "MIN_SCORE")}


def test_a_rule_is_replaced_by_nothing():
    choice = rule("sides are completed", CARDS, "completed", lambda _, quad: quad)
    with changed(choice.changes["off"]):
        assert cards.completed(None, "as it is") == "as it is"


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(AttributeError, match="NOT_THERE"):
        number(CARDS, "NOT_THERE")
