import numpy as np
import pytest

from edge.centering.curves import robust_curve
from edge.centering.lines import find_bow, find_lines, find_peaks, gradient, trace
from edge.centering.strips import Strip

STEP_MM = 0.07


def strip(*edges, bow=0.0, noise=1.0, seed=0):
    """A left side with blurred steps (position, slope, height in grey levels)."""
    rng = np.random.default_rng(seed)
    along, columns = 8 + np.arange(96) * 0.75, 120
    u, s = (along - 44.0)[:, None], -1.2 + (np.arange(columns) + 0.5) * STEP_MM
    level = np.full((len(along), columns), 90.0)
    for position, slope, height in edges:
        distance = (s - position - slope * u - bow * u**2) / (1.2 * STEP_MM)
        level += height / (1 + np.exp(-1.7 * distance))
    profiles = np.repeat(level[..., None], 3, axis=2) + rng.normal(0, noise, (*level.shape, 3))
    return Strip(
        side="left",
        profiles=profiles.astype(np.float32),
        along_mm=along,
        first_mm=float(s[0]),
        step_mm=STEP_MM,
        to_image=np.eye(3),
    )


def traced(side, reach_mm=0.18):
    slopes = gradient(side.profiles)
    peaks = find_peaks(side, slopes)
    lines = find_lines(side, peaks, 0.6, find_bow(side, peaks, 1.2))
    return [trace(side, slopes, peaks, line, reach_mm) for line in lines]


def test_edges_are_found_to_hundredths_of_a_sample():
    outer, inner = traced(strip((0.013, 0.002, 80), (3.1, -0.001, -50)))
    assert outer.curve[0] == pytest.approx(0.013, abs=0.003)
    assert outer.curve[1] == pytest.approx(0.002, abs=1e-4)
    assert inner.curve[0] == pytest.approx(3.1, abs=0.004)
    assert outer.coverage == inner.coverage == 1.0
    assert outer.contrast == pytest.approx(80 * np.sqrt(3), rel=0.15)


def test_edges_that_the_lens_bows_are_followed():
    bow = 0.5 / 36**2
    outer, inner = traced(strip((0.0, 0.0, 80), (3.1, 0.0, -50), bow=bow))
    assert outer.curve[2] == pytest.approx(bow, rel=0.05)
    assert inner.curve[0] == pytest.approx(3.1, abs=0.01)


def test_straight_edges_are_not_bowed():
    side = strip((0.0, 0.01, 80))
    assert find_bow(side, find_peaks(side, gradient(side.profiles)), 1.2) == 0.0


def test_what_lines_up_in_noise_scatters():
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
