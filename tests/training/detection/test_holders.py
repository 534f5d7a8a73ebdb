import numpy as np
import pytest

from training.detection.holders import KINDS, mix, with_holders

CARD = np.array([[60, 60], [123, 60], [123, 148], [60, 148]], np.float32)
OTHER = CARD + np.float32([70, 0])
PICTURE = np.full((220, 260, 3), 120, np.uint8)
WHOLE = np.ones(2, np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_a_card_is_as_it_was_and_something_lies_around_it(seed):
    held = with_holders(PICTURE, np.stack([CARD, np.full_like(CARD, np.nan)]), WHOLE, np.random.default_rng(seed))
    assert np.array_equal(held[64:144, 64:119], PICTURE[64:144, 64:119])
    differs = np.abs(held.astype(int) - PICTURE).max(axis=2) > 0
    rows, columns = np.nonzero(differs)
    most_mm = max(most for kind in KINDS for _, most in kind.margins_mm)
    assert len(rows) > 50
    assert columns.min() >= 60 - most_mm - 2
    assert columns.max() <= 123 + most_mm + 2


def test_a_neighbour_is_not_drawn_over():
    for seed in range(6):
        held = with_holders(PICTURE, np.stack([CARD, OTHER]), WHOLE, np.random.default_rng(seed))
        assert np.array_equal(held[64:144, 134:189], PICTURE[64:144, 134:189])


def test_covered_and_small_cards_have_no_holders():
    covered = np.array([0.8], np.float32)
    assert np.array_equal(with_holders(PICTURE, CARD[None], covered, np.random.default_rng(0)), PICTURE)
    small = CARD[None] / 3
    assert np.array_equal(with_holders(PICTURE, small, WHOLE[:1], np.random.default_rng(0)), PICTURE)


def test_mixing_goes_as_far_as_it_is_told():
    picture = np.zeros((2, 2, 3), np.float32)
    mix(picture, np.array([[0.0, 0.5], [1.0, 0.0]]), np.array([100, 200, 40], np.uint8))
    assert picture[:, :, 1].tolist() == [[0, 100], [200, 0]]
