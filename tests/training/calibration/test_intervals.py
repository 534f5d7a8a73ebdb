import numpy as np
import pytest

from training.calibration.intervals import calibration_error, difference, share_interval


def test_the_interval_covers_the_share_of_cards_whose_crops_err_together():
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(200):
        by_card = rng.random(40) < 0.3
        low, high = share_interval(np.repeat(by_card, 25), np.repeat(np.arange(40), 25))
        covered.append(low <= 0.3 <= high)
    assert np.mean(covered) > 0.88


def test_nothing_seen_among_few_cards_proves_little():
    none = np.zeros(2000, bool)
    assert share_interval(none, np.repeat(np.arange(20), 100))[1] == pytest.approx(1 - 0.025 ** (1 / 20))
    assert share_interval(~none, np.repeat(np.arange(20), 100)) == pytest.approx((0.025 ** (1 / 20), 1.0))
    assert share_interval(none[:0], np.arange(0)) == (0.0, 1.0)


def test_the_calibration_error_is_how_far_off_the_stated_probability_is():
    stated = np.array([0.75, 0.75, 0.75, 0.75, 0.05, 0.05])
    assert calibration_error(stated, np.array([1, 1, 1, 0, 0, 0], bool)) == pytest.approx(0.1 / 6)
    assert calibration_error(stated, np.array([0, 0, 0, 0, 1, 1], bool)) == pytest.approx((3 + 1.9) / 6)


def test_a_difference_is_of_the_same_cards_and_its_interval_counts_them():
    rng = np.random.default_rng(2)
    cards = np.repeat(np.arange(50), 10)
    hard = np.repeat(rng.random(50) < 0.5, 10)
    found = difference(~hard | (rng.random(500) < 0.1), ~hard, cards)
    assert found["value"] == pytest.approx(found["shares"][0] - found["shares"][1])
    low, high = found["interval_95"]
    assert 0 < low < found["value"] < high < 0.1
    equal = difference(hard, hard, cards)
    assert (equal["value"], equal["count"]) == (0, 500)
    assert equal["interval_95"] == pytest.approx([0.025 ** (1 / 50) - 1, 1 - 0.025 ** (1 / 50)])
