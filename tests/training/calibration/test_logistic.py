import numpy as np

from training.calibration.logistic import fit_logistic


def test_the_weights_that_made_the_outcomes_are_found():
    rng = np.random.default_rng(0)
    rows = rng.normal([0.3, 5.0], [0.1, 2.0], (40_000, 2))
    odds = 2.0 - 12.0 * rows[:, 0] + 0.5 * rows[:, 1]
    right = rng.random(len(rows)) < 1 / (1 + np.exp(-odds))
    intercept, weights = fit_logistic(rows, right)
    assert abs(intercept - 2.0) < 0.2
    np.testing.assert_allclose(weights, [-12.0, 0.5], rtol=0.05)


def test_outcomes_that_are_told_apart_perfectly_give_finite_weights():
    rows = np.linspace(-1, 1, 200)[:, None]
    intercept, weights = fit_logistic(rows, rows[:, 0] > 0)
    assert np.isfinite([intercept, *weights]).all()
    assert weights[0] > 5
