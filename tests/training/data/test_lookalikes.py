import time

import cv2
import numpy as np

from edge.simulator.card import render_card
from tests.training.index.conftest import CARDS, OTHERS
from training.data import gallery
from training.data.lookalikes import fingerprint, group_fingerprints, laid_on


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


def test_a_shifted_scan_is_registered():
    card = render_card(OTHERS[0], 8.0)
    matrix = np.array([[1.004, 0.002, 3.0], [-0.002, 0.997, -2.0]])
    shifted = cv2.warpAffine(card, matrix, (504, 704), borderMode=cv2.BORDER_REPLICATE)
    inner = (slice(20, -20), slice(20, -20))
    before = np.abs(shifted[inner].astype(int) - card[inner]).mean()
    after = np.abs(laid_on(shifted, card)[inner].astype(int) - card[inner]).mean()
    assert after < 0.35 * before
    assert laid_on(card, card) is card
