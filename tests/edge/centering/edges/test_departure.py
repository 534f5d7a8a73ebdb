import numpy as np
import pytest

from edge.centering.edges.departure import find_departures, mirrored, mirrored_back
from edge.centering.edges.strips import LENGTH_MM, Strip

STEP_MM = 0.1
FIRST_MM = -1.2
LAST_MM = 6.0


def side_of(level, *, noise=2.0, seed=0):
    """A left side whose grey level at s (across [M]) of profile at u from the middle is `level(s, u)`."""
    rng = np.random.default_rng(seed)
    along = np.linspace(8, LENGTH_MM["left"] - 8, 96)
    across = FIRST_MM + STEP_MM * np.arange(85)
    grey = np.stack([level(across, u) for u in along - LENGTH_MM["left"] / 2])
    profiles = np.repeat(grey[..., None], 3, axis=2) + rng.normal(0, noise, (*grey.shape, 3))
    return Strip(
        side="left",
        profiles=profiles.astype(np.float32),
        along_mm=along,
        first_mm=FIRST_MM,
        step_mm=STEP_MM,
        to_image=np.eye(3),
    )


def ramp(s, start, length):
    return np.clip((s - start) / length, 0, 1)


def bevelled(wander, seed=3):
    """A border that ends at 3 mm in a bevel of 0.3 mm, whose beginning wanders from profile to profile."""
    shifts = iter(np.random.default_rng(seed).normal(0, wander, 96))
    return lambda s, u: 40 + 80 * ramp(s, 2.85 + 0.004 * u + next(shifts), 0.3)


def test_a_rough_bevel_is_found_where_it_is_halfway_up():
    (end,) = find_departures(side_of(bevelled(0.08)), 1.0, LAST_MM)
    assert end.curve[0] == pytest.approx(3.0, abs=0.03)
    assert end.curve[1] == pytest.approx(0.004, abs=0.001)
    assert end.coverage > 0.95
    assert 0.01 < end.scatter_mm < 0.08


def test_light_that_grows_across_the_border_is_no_end():
    level = bevelled(0.05)
    (end,) = find_departures(side_of(lambda s, u: level(s, u) + 8 * s), 1.0, LAST_MM)
    assert end.curve[0] == pytest.approx(3.0, abs=0.05)


def test_an_even_side_has_no_end():
    assert find_departures(side_of(lambda s, _: 90 + 0 * s), 1.0, LAST_MM) == []


def test_what_is_not_straight_is_no_end():
    starts = iter(np.random.default_rng(5).uniform(1.5, 5.0, 96))
    assert find_departures(side_of(lambda s, _: 40 + 80 * ramp(s, next(starts), 0.2)), 1.0, LAST_MM) == []


def test_from_inside_the_same_place_is_found():
    strip = side_of(lambda s, u: 200 - 160 * ramp(s, 0.1 + 0.003 * u, 0.2))
    (end,) = find_departures(mirrored(strip), -1.0, 1.0)
    back = mirrored_back(end)
    assert back.curve[0] == pytest.approx(0.2, abs=0.03)
    assert back.curve[1] == pytest.approx(0.003, abs=0.001)
    assert np.nanmax(np.abs(back.across_mm[back.used] - back.at(strip.along_mm - strip.middle_mm)[back.used])) < 0.25
