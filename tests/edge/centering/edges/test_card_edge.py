import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.centering.edges.card_edge import card_edge, see_edges
from edge.centering.edges.cut import edge_chances
from edge.centering.edges.edge_model import ACROSS_MM, CUTS_MM, EDGES_MM, fit_edges
from edge.centering.edges.hough import find_edges
from edge.centering.edges.strips import Strip

STEP_MM = 0.07
BLUR_MM = 0.08
ALONG_MM = 8 + np.arange(96) * 0.75
ACROSS = -1.2 + (np.arange(120) + 0.5) * STEP_MM
CUT_MM = 0.33


def blurred_step(distance_mm):
    return 1 / (1 + np.exp(-1.7 * distance_mm / BLUR_MM))


def side(levels, noise=1.0, slope=0.0, seed=0):
    """A left side; `levels` gives grey levels [N, M] of distances [N, M] from the card's edge in mm."""
    rng = np.random.default_rng(seed)
    distance = ACROSS - slope * (ALONG_MM - 44.0)[:, None]
    level = levels(distance) + rng.normal(0, noise, distance.shape)
    return Strip(
        side="left",
        profiles=np.repeat(level[..., None], 3, axis=2).astype(np.float32),
        along_mm=ALONG_MM,
        first_mm=float(ACROSS[0]),
        step_mm=STEP_MM,
        to_image=np.eye(3),
    )


def look(strip):
    (edges,) = find_edges([strip], 0.6)
    return see_edges(strip, edges)


def edge_alone(strip):
    seen = look(strip)
    return card_edge(strip, seen, edge_chances({"left": seen})["left"])


def shadowed(distance, depth=60.0, reach=0.35):
    """Ground of 170 in a shadow that grows towards the card's edge."""
    return 170 - depth * np.exp(-0.5 * (np.minimum(distance, 0) / reach) ** 2)


def on_ground(distance, ground, card):
    inside = blurred_step(distance)
    return ground * (1 - inside) + card * inside


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.4, 0.4), st.floats(-0.01, 0.01), st.sampled_from([-90.0, -40.0, 40.0, 90.0]))
def test_a_lone_edge_is_where_it_is(place, slope, step):
    found = edge_alone(side(lambda d: on_ground(d - place, 120.0, 120.0 + step), slope=slope))
    assert found.curve[0] == pytest.approx(place, abs=0.01)
    assert found.curve[1] == pytest.approx(slope, abs=5e-4)
    assert found.doubt_mm < 0.1


def test_the_onset_of_a_shadow_is_not_the_cards_edge():
    found = edge_alone(side(lambda d: on_ground(d, shadowed(d), 200.0)))
    assert found.curve[0] == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize("cut", [215.0, 75.0], ids=["bright", "dark"])
def test_the_cuts_own_line_belongs_to_the_card(cut):
    found = edge_alone(side(lambda d: on_ground(d, 150.0, on_ground(d - CUT_MM, cut, 60.0))))
    assert abs(found.curve[0]) < max(0.03, 2 * found.doubt_mm)


def test_a_cut_hardly_brighter_than_the_shadow_on_the_ground_is_seen_in_the_mean():
    found = edge_alone(side(lambda d: on_ground(d, shadowed(d), on_ground(d - CUT_MM, 122.0, 40.0)), noise=3.0))
    assert abs(found.curve[0]) < max(0.05, 2 * found.doubt_mm)


def test_a_ground_with_a_texture_does_not_hide_the_edge():
    rng = np.random.default_rng(3)
    grain = rng.normal(0, 12, (len(ALONG_MM), len(ACROSS)))
    found = edge_alone(side(lambda d: on_ground(d, 130 + grain, 190.0)))
    assert found.curve[0] == pytest.approx(0.0, abs=0.03)


def test_no_edge_is_none():
    assert look(side(lambda d: np.full(d.shape, 90.0))) is None


def test_other_places_widen_the_uncertainty_and_even_chances_share_the_answer():
    strip = side(lambda d: on_ground(d, 120.0, 200.0))
    seen = look(strip)
    near = int(np.abs(EDGES_MM + seen.guide.curve[0]).argmin())
    chances = np.zeros(len(EDGES_MM))
    for other, moved in ((0.1, 0.0), (0.4, 0.4)):
        chances[near], chances[near - 10] = 1 - other, other
        found = card_edge(strip, seen, chances)
        assert found.curve[0] == pytest.approx(-0.3 * moved, abs=0.02)
        assert found.doubt_mm == pytest.approx(0.3 * np.sqrt(other - moved**2), abs=0.01)


def test_misfits_are_least_where_the_edge_and_its_cut_are():
    edge, cut = EDGES_MM[20], CUTS_MM[3]
    profile = on_ground(ACROSS_MM - edge, 150.0, on_ground(ACROSS_MM - edge - cut, 210.0, 60.0))
    fits = fit_edges(np.repeat(profile[:, None], 3, axis=1).astype(np.float32))
    misfits = fits.misfits
    assert misfits.shape == (len(EDGES_MM), len(CUTS_MM))
    best = np.unravel_index(misfits.argmin(), misfits.shape)
    assert abs(EDGES_MM[best[0]] - edge) < 0.035
    assert misfits[20, 3] < 1.0 < misfits[20, 0]
    assert np.allclose(fits.cuts[20, 3], 210.0, atol=5.0)
    assert np.allclose(fits.borders[20, 3], 60.0, atol=5.0)


def test_a_misfit_does_not_grow_with_a_constant():
    profile = on_ground(ACROSS_MM, 100.0, 180.0)[:, None] * np.ones(4)
    first, second = (fit_edges((profile + level).astype(np.float32)) for level in (0.0, 50.0))
    assert np.allclose(first.misfits, second.misfits, atol=1e-2)
    assert np.allclose(first.borders + 50.0, second.borders, atol=0.5)
