import numpy as np
import pytest

from edge.database.learned_gallery import LearnedGallery
from tests.edge.database.learned import DIMENSION, learned

CARDS = [learned(number)[0] for number in (1, 2, 3)]


def test_no_cards_are_near_to_nothing():
    assert LearnedGallery().nearest(np.ones(DIMENSION, np.float32)) == ()
    assert "learned-000000000001" not in LearnedGallery()


@pytest.mark.parametrize("rotation", [0, 1])
@pytest.mark.parametrize("view", range(3))
def test_each_view_finds_its_card_either_way_up(rotation, view):
    gallery = LearnedGallery(CARDS)
    for card in CARDS:
        first, *others = gallery.nearest(card.embeddings[rotation, view])
        assert (first.card_id, first.rotation) == (card.card_id, 180 * rotation)
        assert first.distance == pytest.approx(0, abs=1e-6)
        assert first.distance >= 0
        assert [each.distance for each in others] == sorted(each.distance for each in others)
        assert len(others) == 2


def test_distances_are_those_of_the_nearest_view():
    query = CARDS[0].embeddings[0].mean(axis=0)
    query /= np.linalg.norm(query)
    by_card = {match.card_id: match.distance for match in LearnedGallery(CARDS).nearest(query)}
    for card in CARDS:
        assert by_card[card.card_id] == pytest.approx(float((1 - card.embeddings @ query).min()), abs=1e-6)


def test_a_card_comes_and_goes_with_what_is_known_of_it():
    gallery = LearnedGallery(CARDS[:1], known={"learned-a": "base1-4"}, faults={"learned-b": "torn"})
    more = gallery.with_card(CARDS[1])
    assert [card.card_id for card in more.cards] == [card.card_id for card in CARDS[:2]]
    assert more.details(CARDS[1].card_id).name == "Mossy Drake"
    assert more.print_reference(CARDS[1].card_id).picture().shape == (220, 158)
    assert len(gallery.cards) == 1
    less = more.without(CARDS[0].card_id).without("learned-a").without("learned-b")
    assert (less.known, less.faults, [card.card_id for card in less.cards]) == ({}, {}, [CARDS[1].card_id])


def test_what_cannot_be_used_is_told():
    assert LearnedGallery(CARDS).degraded() == ()
    assert LearnedGallery(faults={"a": "a is torn"}).degraded() == ("a learned card is left out: a is torn",)
    (sentence,) = LearnedGallery(faults={"a": "a is torn", "b": "b is torn"}).degraded()
    assert sentence.endswith("a is torn (and 1 more, which 'card-scanner learn --list' names)")
