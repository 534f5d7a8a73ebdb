from functools import partial

import numpy as np
import pytest

from edge.database.search import Match
from edge.imaging.print_reference import PrintReference, encode_reference
from edge.recognition.near_ties import near_tie
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from tests.edge.recognition.test_small_marks import captured

CARDS = {card.card_id: card for card in demo_cards()}
REPRINT = next(card for card in CARDS.values() if card.lookalike_of)
ORIGINAL = CARDS[str(REPRINT.lookalike_of)]
OTHER = next(card for card in CARDS.values() if card.set_code == ORIGINAL.set_code and card is not ORIGINAL)
PICTURES = {card.card_id: render_card(card, 8.0) for card in (ORIGINAL, REPRINT, OTHER)}


def reference_of(card_id: str) -> PrintReference:
    return PrintReference(encoded=encode_reference(PICTURES[card_id]), borders_mm=None, name=card_id)


def tie(shown: str, first: str, rival: str, behind: float):
    picture = captured(PICTURES[shown], np.random.default_rng(3), 6.0)
    matches = [
        Match(card_id=first, distance=0.1, rotation=0),
        Match(card_id=rival, distance=0.1 + behind, rotation=0),
    ]
    return near_tie(picture, matches, {first}, reference_of)


near = partial(tie, behind=0.01)


@pytest.mark.parametrize("rival", [REPRINT, OTHER], ids=["reprint", "other"])
def test_a_wrong_first_match_that_is_hardly_nearer_is_not_decided(rival):
    found = near(ORIGINAL.card_id, first=rival.card_id, rival=ORIGINAL.card_id)
    assert found is not None
    assert found.card_ids == (rival.card_id, ORIGINAL.card_id)


def test_pictures_decide_for_the_right_one():
    assert near(ORIGINAL.card_id, first=ORIGINAL.card_id, rival=OTHER.card_id) is None


def test_pictures_that_may_be_two_scans_of_one_print_do_not_decide():
    assert near(ORIGINAL.card_id, first=ORIGINAL.card_id, rival=REPRINT.card_id) is not None


def test_a_card_that_is_neither_is_not_decided():
    third = next(card for card in CARDS.values() if card.set_code != ORIGINAL.set_code and card is not REPRINT)
    PICTURES.setdefault(third.card_id, render_card(third, 8.0))
    assert near(third.card_id, first=ORIGINAL.card_id, rival=OTHER.card_id) is not None


def test_what_is_far_behind_is_no_rival():
    assert tie(ORIGINAL.card_id, first=OTHER.card_id, rival=ORIGINAL.card_id, behind=0.1) is None


def test_look_alikes_are_left_to_the_verifier():
    matches = [Match(card_id=card.card_id, distance=0.1, rotation=0) for card in (ORIGINAL, REPRINT)]
    assert near_tie(PICTURES[OTHER.card_id], matches, {match.card_id for match in matches}, reference_of) is None


def test_without_pictures_nothing_is_decided():
    matches = [Match(card_id=card.card_id, distance=0.1, rotation=0) for card in (ORIGINAL, OTHER)]
    assert near_tie(PICTURES[ORIGINAL.card_id], matches, {ORIGINAL.card_id}, lambda _: None) is not None
