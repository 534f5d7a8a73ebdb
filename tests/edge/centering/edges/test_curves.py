import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.centering.edges.curves import crossings, robust_curve, upper_median

COEFFICIENTS = st.tuples(st.floats(-2, 2), st.floats(-0.03, 0.03), st.floats(-1e-3, 1e-3))


@given(COEFFICIENTS)
def test_a_curve_is_fitted_as_by_general_least_squares(coefficients):
    u = np.linspace(-36, 30, 60)
    s = np.polyval(coefficients[::-1], u) + 0.01 * np.sin(7 * u)
    curve, used, scatter = robust_curve(u, s, tolerance_mm=5.0)
    expected = np.polyfit(u, s, 2)
    assert used.all()
    assert curve == pytest.approx(expected[::-1], abs=1e-6)
    assert scatter == pytest.approx(np.std(s - np.polyval(expected, u), ddof=3), rel=1e-3)


def test_lines_cross_where_they_do():
    vertical, horizontal, diagonal = np.array([1.0, 0, -3]), np.array([0.0, 2, -8]), np.array([1.0, -1, 0])
    found = crossings(np.array([vertical, vertical]), np.array([horizontal, diagonal]))
    assert found.tolist() == [[3, 4], [3, 3]]


def test_the_upper_median_is_an_element():
    values = np.array([4.0, 1.0, 3.0, 2.0])
    assert upper_median(values) == 3.0
    assert values.tolist() == [4.0, 1.0, 3.0, 2.0]
