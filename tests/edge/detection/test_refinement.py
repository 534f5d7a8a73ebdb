import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.detection.refinement import fit_outline, refine_quad

QUAD = np.array([[250.2, 100.7], [376.4, 118.1], [351.9, 294.6], [226.1, 276.3]])


@pytest.fixture(scope="module")
def picture(table, rounded_card) -> np.ndarray:
    return rounded_card(table(), QUAD)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-4, 4), min_size=8, max_size=8))
def test_a_rough_outline_is_pulled_onto_the_edges(picture, offsets):
    rough = QUAD + np.reshape(offsets, (4, 2))
    refined = refine_quad(picture, rough, 8.0)
    assert refined is not None
    assert np.abs(refined - QUAD).max() < 0.3


def test_the_order_of_the_corners_is_kept(picture):
    refined = refine_quad(picture, np.roll(QUAD, 2, axis=0) + 2, 6.0)
    assert np.abs(refined - np.roll(QUAD, 2, axis=0)).max() < 0.3


def test_the_evidence_is_measured(picture):
    assert (fit_outline(picture, QUAD, 4.0).support > 0.9).all()


def test_a_covered_side_keeps_the_fit_of_the_others(picture):
    covered = picture.copy()
    covered[200:310, 200:270] = (30, 90, 160)
    assert np.abs(refine_quad(covered, QUAD + 1.5, 5.0) - QUAD).max() < 1.0


def test_without_edges_there_is_no_outline(table):
    assert refine_quad(np.full((480, 640, 3), 90, np.uint8), QUAD, 5.0) is None
