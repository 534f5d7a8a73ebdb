import numpy as np
import pytest

from edge.database.search import Match
from edge.detection.shape import grown_quad
from edge.geometry import card_quad
from edge.recognition.belief import Worth
from edge.recognition.outlines import NEARER, Sighting, better_outline, lies_inside, without_parts
from edge.recognition.recognition import Recognition

CARD = card_quad(np.array([[100.0, 80], [226, 80], [226, 256], [100, 256]]))
HOLDER, WINDOW, BESIDE = grown_quad(CARD, 9.0), grown_quad(CARD, -12.0), CARD + [150.0, 0]
UNKNOWN = 0.35


def sighting(quad, distance, card_id="a-1"):
    matches = () if distance is None else (Match(card_id=card_id, distance=distance, rotation=0),)
    worth = Worth.STRONG if distance is not None and distance < UNKNOWN else Worth.UNKNOWN
    return Sighting(quad=quad, recognition=Recognition(matches=matches, embedding=np.zeros(2, np.float32), worth=worth))


def test_the_nearest_outline_wins_whichever_was_found_first():
    held, card, window = sighting(HOLDER, 0.3), sighting(CARD, 0.1), sighting(WINDOW, 0.25)
    assert better_outline(held, [window, card]) is card
    assert better_outline(window, [held, card]) is card
    assert better_outline(card, [held, window]) is card


@pytest.mark.parametrize(
    ("distance", "card_id", "taken"),
    [
        (0.29, "a-1", True),
        (0.29, "b-2", False),
        (0.3 - NEARER + 0.01, "b-2", False),
        (0.3 - NEARER - 0.01, "b-2", True),
    ],
)
def test_an_outline_of_another_card_must_be_nearer_by_more_than_chance(distance, card_id, taken):
    first, other = sighting(HOLDER, 0.3, "a-1"), sighting(CARD, distance, card_id)
    assert (better_outline(first, [other]) is other) == taken


def test_an_outline_that_names_no_card_is_no_better():
    first = sighting(HOLDER, 0.6)
    assert better_outline(first, [sighting(CARD, 0.4)]) is first
    assert better_outline(first, []) is first
    assert better_outline(sighting(HOLDER, None), [sighting(CARD, None)]).quad is HOLDER


def test_what_lies_inside_a_recognised_card_is_none():
    card, window, beside = sighting(CARD, 0.1), sighting(WINDOW, 0.5, "b-2"), sighting(BESIDE, 0.5, "b-2")
    assert without_parts([window, beside, card]) == [beside, card]
    unknown = sighting(CARD, 0.4)
    assert without_parts([window, unknown]) == [window, unknown]


def test_one_card_with_two_outlines_is_one():
    card, held = sighting(CARD, 0.1), sighting(HOLDER, 0.2)
    assert without_parts([held, card]) == [card]
    assert without_parts([sighting(HOLDER, 0.2, "b-2"), card])[1:] == [card]


def test_a_part_lies_inside_and_is_not_larger():
    assert lies_inside(WINDOW, CARD)
    assert not lies_inside(CARD, WINDOW)
    assert not lies_inside(BESIDE, CARD)
