import cv2
import numpy as np

from edge.simulator.card import render_card
from tests.training.index.conftest import OTHERS
from training.data.lookalikes import laid_on


def test_a_shifted_scan_is_registered():
    card = render_card(OTHERS[0], 8.0)
    matrix = np.array([[1.004, 0.002, 3.0], [-0.002, 0.997, -2.0]])
    shifted = cv2.warpAffine(card, matrix, (504, 704), borderMode=cv2.BORDER_REPLICATE)
    inner = (slice(20, -20), slice(20, -20))
    before = np.abs(shifted[inner].astype(int) - card[inner]).mean()
    after = np.abs(laid_on(shifted, card)[inner].astype(int) - card[inner]).mean()
    assert after < 0.35 * before
    assert laid_on(card, card) is card
