import numpy as np
import pytest

from edge.imaging.rectification import upside_down
from edge.simulator.card import render_card
from edge.simulator.sets import calibration_cards
from training.evaluation.baseline import HashGallery


@pytest.fixture(scope="module")
def pictures():
    return [(card.card_id, render_card(card, 3)) for card in calibration_cards(3)]


@pytest.mark.parametrize("size", [8, 16])
def test_a_card_is_nearest_to_itself_either_way_up(pictures, size):
    gallery = HashGallery(pictures, size)
    for card_id, picture in pictures:
        for seen in (picture, upside_down(picture)):
            assert gallery.nearest(seen, 1) == [(card_id, 0.0)]


def test_distances_are_shares_of_the_bits_and_ascend(pictures):
    found = HashGallery(pictures, 8).nearest(pictures[0][1], 5)
    distances = [distance for _, distance in found]
    assert distances == sorted(distances)
    assert all(0 <= distance <= 1 and float(64 * distance).is_integer() for distance in distances)


def test_each_card_is_listed_once(pictures):
    twice = [*pictures, (pictures[0][0], np.roll(pictures[0][1], 3, axis=0))]
    assert len(HashGallery(twice, 8).nearest(pictures[1][1], 5)) == 3
