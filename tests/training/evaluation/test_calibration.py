import numpy as np
import pytest

from training.evaluation.calibration import Distances, choose_thresholds


def test_thresholds_keep_to_the_rate_and_no_card_is_passed_over():
    wrong = np.linspace(0.3, 0.7, 401)
    distances = Distances(known=np.array([0.05, 0.1, 0.35, 0.62]), mistaken=wrong[:100], unknown=wrong[100:])

    thresholds = choose_thresholds(distances, 0.01, "a test")

    assert np.mean(wrong <= thresholds.confirmed) == pytest.approx(0.01, abs=0.003)
    assert np.mean(wrong <= thresholds.unknown) == pytest.approx(0.1, abs=0.003)
    assert thresholds.not_a_card == pytest.approx(0.7)
    assert thresholds.calibration["known_right_confirmed"] == 0.5


def test_a_card_of_the_gallery_may_be_the_one_that_is_furthest_off():
    distances = Distances(known=np.array([0.1, 0.8]), mistaken=np.empty(0), unknown=np.array([0.4, 0.5]))

    assert choose_thresholds(distances, 0.005, "a test").not_a_card == 0.8
