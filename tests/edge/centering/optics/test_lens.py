import numpy as np
import pytest

from edge.centering.edges.aspect import aspect_doubts, possible_aspects
from edge.centering.optics.lens import Lens, lens_from_sides
from edge.geometry import card_quad

WIDTH, HEIGHT = 1950, 1700
CORNERS = np.array([[400.0, 150], [1400, 200], [1380, 1580], [420, 1560]])


def bent(points, k1):
    centre, radius = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2]), np.hypot(WIDTH, HEIGHT) / 2
    rays = (points - centre) / radius
    return centre + radius * rays * (1 + k1 * np.sum(rays**2, axis=1, keepdims=True))


def sides(k1, noise_px=0.0, seed=0):
    rng = np.random.default_rng(seed)
    share = np.linspace(0.1, 0.9, 80)[:, None]
    ends = zip(CORNERS, np.roll(CORNERS, -1, axis=0), strict=True)
    return [bent(a + share * (b - a), k1) + rng.normal(0, noise_px, (80, 2)) for a, b in ends]


@pytest.mark.parametrize("k1", [-0.08, -0.01, 0.05])
def test_the_bow_of_the_sides_gives_the_distortion(k1):
    lens = lens_from_sides(sides(k1, noise_px=0.05), WIDTH, HEIGHT)
    assert lens.k1 == pytest.approx(k1, abs=0.001)
    assert lens.undistorted(bent(CORNERS, k1)) == pytest.approx(CORNERS, abs=0.5)


def test_noise_is_no_distortion():
    assert lens_from_sides(sides(0.0, noise_px=0.3), WIDTH, HEIGHT).k1 == 0.0


def test_undistorting_is_exact():
    lens = Lens(centre_px=((WIDTH - 1) / 2, (HEIGHT - 1) / 2), radius_px=float(np.hypot(WIDTH, HEIGHT)) / 2, k1=-0.1)
    assert lens.undistorted(bent(CORNERS, -0.1)) == pytest.approx(CORNERS, abs=1e-3)


def seen(width_mm, height_mm, tilt_deg, focal_px=1800.0, distance_mm=300.0):
    x, y = width_mm / 2, height_mm / 2
    corners = np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
    turn = np.deg2rad(tilt_deg)
    depth = distance_mm + corners[:, 1] * np.sin(turn) + 0.3 * corners[:, 0] * np.sin(turn)
    flat = np.column_stack([corners[:, 0], corners[:, 1] * np.cos(turn)])
    return card_quad(focal_px * flat / depth[:, None] + np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2]))


@pytest.mark.parametrize("tilt_deg", [0.0, 10.0])
def test_a_card_passes_and_other_sizes_do_not(tilt_deg):
    assert aspect_doubts(seen(63, 88, tilt_deg), WIDTH, HEIGHT, 0.025) is None
    assert "not a 63 x 88 mm card" in aspect_doubts(seen(57, 88, 0.0), WIDTH, HEIGHT, 0.025)
    assert "width to height is 0.77" in aspect_doubts(seen(68, 88, 0.0), WIDTH, HEIGHT, 0.025)


def test_seen_from_above_the_aspect_is_certain():
    low, high = possible_aspects(seen(63, 88, 0.0), WIDTH, HEIGHT)
    assert low == pytest.approx(1.0, abs=1e-6)
    assert high == pytest.approx(1.0, abs=1e-6)
