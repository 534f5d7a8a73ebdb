import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.geometry import Image
from edge.simulator.card import foil_mask, render_card
from edge.simulator.sets import Foil, calibration_cards
from edge.simulator.sleeve import Finish, FoilView, card_layer
from tests.training.index.conftest import CARDS, OTHERS
from training.data import gallery
from training.data.fingerprints import fingerprint, group_fingerprints

TUNED = calibration_cards(600)[::50]


def test_only_lookalikes_are_grouped():
    cards = [gallery.square_corners(render_card(card, 8.0)) for card in CARDS.values()]
    assert group_fingerprints([fingerprint(card) for card in cards]) == [[0, 1]]


def test_equal_images_are_compared_once() -> None:
    """1,600 placeholders have more than a million pairs."""
    card = gallery.square_corners(render_card(OTHERS[0], 8.0))
    other = gallery.square_corners(render_card(OTHERS[1], 8.0))
    prints = [fingerprint(other), *[fingerprint(card)] * 1600]
    began = time.process_time()
    assert group_fingerprints(prints) == [list(range(1, 1601))]
    assert time.process_time() - began < 1


def recolored(card: Image) -> Image:
    """Every colour turned to its opposite, as light as before."""
    lab = cv2.cvtColor(card, cv2.COLOR_BGR2LAB)
    lab[:, :, 1:] = 255 - lab[:, :, 1:]
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), dtype=np.uint8)


def test_cards_that_differ_in_colour_alone_are_no_lookalikes():
    for card in TUNED[:6]:
        picture = render_card(card, 4.0)
        assert group_fingerprints([fingerprint(picture), fingerprint(recolored(picture))]) == []


@pytest.mark.parametrize("area", ["art", "frame", "full"])
def test_a_foil_twin_is_grouped_with_its_card_and_with_no_other(area):
    rng = np.random.default_rng(5)
    prints = []
    for card in TUNED[:6]:
        picture = render_card(card, 4.0)
        mask = foil_mask(replace(card, foil=Foil(pattern="cosmos", area=area)), 4.0)
        view = FoilView(
            strength=float(rng.uniform(0.3, 0.7)),
            phase=float(rng.random()),
            gradient=(0.8, 0.5),
            grain_mm=float(rng.uniform(1.5, 6)),
            seed=int(rng.integers(1000)),
        )
        shiny = card_layer(picture, Finish(foil=view), mask).texture[:, :, :3]
        prints += [fingerprint(picture), fingerprint(np.ascontiguousarray(shiny[2:-2, 2:-2]))]
    assert group_fingerprints(prints) == [[each, each + 1] for each in range(0, 12, 2)]
