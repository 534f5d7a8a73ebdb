import numpy as np
import pytest

from training.evaluation.climbing import climbed, standard_errors


def normal(values):
    """Log-likelihood of a normal distribution's two numbers."""
    return lambda numbers: float(
        -len(values) * np.log(numbers["std"]) - 0.5 * np.sum((values - numbers["mean"]) ** 2) / numbers["std"] ** 2
    )


def test_the_likeliest_numbers_are_found_with_their_errors():
    values = np.random.default_rng(1).normal(5.0, 2.0, 2000)
    found = climbed(normal(values), {"mean": 3.0, "std": 1.0})
    assert found["mean"] == pytest.approx(5.0, rel=0.05)
    assert found["std"] == pytest.approx(2.0, rel=0.05)
    errors = standard_errors(normal(values), found)
    assert errors["mean"] == pytest.approx(2.0 / np.sqrt(2000), rel=0.1)
    assert errors["std"] == pytest.approx(2.0 / np.sqrt(4000), rel=0.3)


def test_numbers_that_are_no_clearly_likelier_stay():
    values = np.random.default_rng(2).normal(5.0, 2.0, 50)
    assert climbed(normal(values), {"mean": 5.1, "std": 2.1}) == {"mean": 5.1, "std": 2.1}


def test_a_number_that_the_data_do_not_tell_has_no_error():
    assert standard_errors(lambda numbers: 0.0 * numbers["a"], {"a": 2.0}) == {"a": None}


def test_an_impossible_number_is_not_taken():
    assert climbed(lambda numbers: -np.inf if numbers["a"] > 1 else numbers["a"], {"a": 0.9})["a"] <= 1
