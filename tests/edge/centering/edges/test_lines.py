import numpy as np
import pytest

from edge.centering.edges.curves import robust_curve
from edge.centering.edges.hough import find_edges
from edge.centering.edges.lines import trace


def traced(side, reach_mm=0.18):
    (seen,) = find_edges([side], 0.6, bow_reach_mm=1.2)
    return [trace(side, seen.slopes, seen.peaks, line, reach_mm) for line in seen.lines]


def test_edges_are_found_to_hundredths_of_a_sample(strip):
    outer, inner = traced(strip((0.013, 0.002, 80), (3.1, -0.001, -50)))
    assert outer.curve[0] == pytest.approx(0.013, abs=0.003)
    assert outer.curve[1] == pytest.approx(0.002, abs=1e-4)
    assert inner.curve[0] == pytest.approx(3.1, abs=0.004)
    assert outer.coverage == inner.coverage == 1.0
    assert outer.contrast == pytest.approx(80 * np.sqrt(3), rel=0.15)


def test_edges_that_the_lens_bows_are_followed(strip):
    bow = 0.5 / 36**2
    outer, inner = traced(strip((0.0, 0.0, 80), (3.1, 0.0, -50), bow=bow))
    assert outer.curve[2] == pytest.approx(bow, rel=0.05)
    assert inner.curve[0] == pytest.approx(3.1, abs=0.01)


def test_what_lines_up_in_noise_scatters(strip):
    assert all(found.scatter_mm > 0.03 for found in traced(strip(noise=3.0)))


def test_a_third_of_wrong_points_does_not_bend_the_curve():
    rng = np.random.default_rng(2)
    u = np.linspace(-36, 36, 96)
    s = 0.2 + 0.003 * u + rng.normal(0, 0.004, len(u))
    s[20:50] += 0.6
    curve, used, scatter = robust_curve(u, s, 0.03)
    assert curve[0] == pytest.approx(0.2, abs=0.01)
    assert not used[20:50].any()
    assert scatter == pytest.approx(0.004, rel=0.3)


def test_too_few_points_have_no_curve():
    curve, used, _ = robust_curve(np.arange(96.0), np.full(96, np.nan), 0.03)
    assert np.isnan(curve[0])
    assert not used.any()
