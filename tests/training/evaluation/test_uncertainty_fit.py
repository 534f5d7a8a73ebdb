import math

import numpy as np
import pytest

from edge.centering.fitted import fitted
from training.evaluation.uncertainty_fit import edge_likelihood, log_likelihood


@pytest.mark.parametrize("true_std", [0.03, 0.2])
def test_errors_are_likeliest_where_the_stated_uncertainty_is_theirs(true_std):
    errors = np.random.default_rng(0).normal(0, true_std, 4000)
    stated = true_std * np.array([0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0])
    likelihoods = [log_likelihood(errors, np.full(len(errors), std)) for std in stated]
    assert abs(int(np.argmax(likelihoods)) - 3) <= 1


def test_one_error_far_off_costs_less_than_a_normal_distribution_would_say():
    errors, stds = np.zeros(10), np.full(10, 0.1)
    wild = errors.copy()
    wild[0] = 2.0
    assert 0 < log_likelihood(errors, stds) - log_likelihood(wild, stds) < 0.5 * (2.0 / 0.1) ** 2 / 10


def test_sides_cannot_be_tied_together_by_more_than_all():
    numbers = fitted().uncertainty.model_dump() | {"opposition": 1.01}
    assert edge_likelihood([], numbers) == -math.inf
