"""The collections of simulated cards: sizes, identity, reproducibility."""

import subprocess
import sys
from collections import Counter

import pytest

from edge.simulator.sets import (
    DEMO_CARD_COUNT,
    MOST_PRINTINGS,
    calibration_cards,
    demo_cards,
    full_size_cards,
    template_cards,
    training_cards,
    unknown_cards,
)

COLLECTIONS = {
    "demo": demo_cards(),
    "training": training_cards(3000),
    "calibration": calibration_cards(800),
    "unknown": unknown_cards(800),
    "full size": full_size_cards(1760),
}
TEMPLATES = template_cards(240)
LISTING = """
from edge.simulator.sets import demo_cards, training_cards
for card in (*demo_cards()[::50], *training_cards(300)[::10]):
    print(card)
"""


def test_demo_set_has_the_promised_size():
    cards = demo_cards()
    assert len(cards) == DEMO_CARD_COUNT
    assert len({card.set_code for card in cards}) == 20


def test_demo_set_has_at_least_160_reprint_pairs():
    assert sum(card.lookalike_of is not None for card in demo_cards()) >= 160


@pytest.mark.parametrize("name", COLLECTIONS)
def test_reprints_share_everything_but_the_edition(name):
    by_id = {card.card_id: card for card in COLLECTIONS[name]}
    reprints = [card for card in by_id.values() if card.lookalike_of is not None]
    assert reprints
    for card in reprints:
        original = by_id[card.lookalike_of]
        assert (card.name, card.types, card.foil) == (original.name, original.types, original.foil)
        assert (card.art_seed, card.style_seed) == (original.art_seed, original.style_seed)
        assert card.set_code != original.set_code
        assert card.symbol_seed != original.symbol_seed
        assert original.lookalike_of is None


def test_cards_of_a_template_differ_in_art_name_and_number_alone():
    sets = Counter(card.set_code for card in TEMPLATES)
    assert set(sets.values()) == {24}
    assert len({card.style_seed for card in TEMPLATES}) == len(sets) == 10
    for code in sets:
        cards = [card for card in TEMPLATES if card.set_code == code]
        assert len({(card.style_seed, card.symbol_seed, card.types, card.rarity, card.foil) for card in cards}) == 1
        assert len({card.art_seed for card in cards}) == len(cards)
    assert template_cards(40) == TEMPLATES[:40]


def test_cards_of_templates_are_none_of_another_collection():
    for attribute in ("card_id", "set_code", "art_seed", "style_seed", "symbol_seed"):
        others = {getattr(card, attribute) for cards in COLLECTIONS.values() for card in cards}
        assert not others & {getattr(card, attribute) for card in TEMPLATES}


def test_no_card_is_reprinted_twice():
    originals = Counter(card.lookalike_of for card in demo_cards() if card.lookalike_of is not None)
    assert max(originals.values()) == 1


def test_a_tenth_of_the_full_size_game_are_printings_of_up_to_forty_a_card():
    cards = COLLECTIONS["full size"]
    printings = Counter(card.lookalike_of or card.card_id for card in cards)
    assert 0.08 < sum(count - 1 for count in printings.values()) / len(cards) < 0.12
    assert max(printings.values()) == MOST_PRINTINGS
    assert {2, 3, 4, 5} < set(printings.values())


def test_card_ids_are_unique_over_all_collections():
    ids = [card.card_id for cards in COLLECTIONS.values() for card in cards]
    assert len(ids) == len(set(ids))
    assert all(card.card_id == f"{card.set_code}-{card.number}" for cards in COLLECTIONS.values() for card in cards)


@pytest.mark.parametrize("attribute", ["art_seed", "style_seed", "symbol_seed", "set_code"])
def test_collections_are_disjoint(attribute):
    used = [{getattr(card, attribute) for card in cards} for cards in COLLECTIONS.values()]
    assert sum(map(len, used)) == len(set().union(*used))


def test_only_reprints_share_their_art():
    for cards in COLLECTIONS.values():
        arts = Counter(card.art_seed for card in cards if card.lookalike_of is None)
        assert max(arts.values()) == 1


def test_a_longer_list_begins_with_the_shorter_one():
    assert training_cards(700)[:250] == training_cards(250)
    assert full_size_cards(700)[:250] == full_size_cards(250)


@pytest.mark.parametrize("count", [0, 1, 37])
def test_exactly_as_many_cards_as_asked_for(count):
    assert len(unknown_cards(count)) == count


def test_names_are_safe_in_file_names():
    for cards in COLLECTIONS.values():
        assert all(set(card.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ '-") for card in cards)


def test_another_process_lists_the_same_cards():
    listed = subprocess.run([sys.executable, "-c", LISTING], capture_output=True, text=True, check=True).stdout
    here = (*demo_cards()[::50], *training_cards(300)[::10])
    assert listed.splitlines() == [str(card) for card in here]
