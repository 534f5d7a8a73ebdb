from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.centering.edges.card_edge import SeenEdges
from edge.centering.edges.cut import edge_chances
from edge.centering.edges.edge_model import CUTS_MM, EDGES_MM
from edge.centering.edges.lines import Trace
from edge.geometry import SIDES

CUT = 3
HERE = int(np.abs(EDGES_MM).argmin())
FURTHER_OUT = int(np.abs(EDGES_MM + CUTS_MM[CUT]).argmin())
BORDER = np.array([30.0, 40.0, 50.0])
WHITE = np.array([245.0, 245.0, 245.0])
GUIDE = Trace(
    across_mm=np.zeros(8),
    used=np.ones(8, dtype=bool),
    curve=(0.0, 0.0, 0.0),
    coverage=1.0,
    scatter_mm=0.005,
    width_mm=0.05,
    contrast=80.0,
)


def seen(models):
    """A side on which models {(edge, cut): (misfit, colour of the cut)} fit, and all others badly."""
    misfits = np.full((len(EDGES_MM), len(CUTS_MM)), 400.0)
    cuts = np.broadcast_to(BORDER, (*misfits.shape, 3)).copy()
    for place, (misfit, colour) in models.items():
        misfits[place], cuts[place] = misfit, colour
    borders = np.broadcast_to(BORDER, cuts.shape)
    return SeenEdges(guide=GUIDE, straight=(GUIDE,), misfits=misfits, borders=borders, cuts=cuts)


def lit(share):
    return BORDER + share * (WHITE - BORDER)


PLAIN = {(HERE, 0): (1.0, BORDER)}


def with_cut(share):
    """A side whose cut is seen: its edge lies at 0."""
    return seen({(HERE, CUT): (1.0, lit(share))})


def undecided(colour):
    """A side that fits as well without a cut at 0 as with one of a colour that begins further out."""
    return seen(PLAIN | {(FURTHER_OUT, CUT): (0.5, colour)})


def chance_further_out(sides, side="bottom"):
    return edge_chances(sides)[side][FURTHER_OUT]


def test_a_light_that_falls_on_three_sides_tells_of_the_fourth():
    lit_round = {"left": with_cut(0.1), "right": with_cut(0.4), "top": with_cut(0.1)}
    dark_round = dict.fromkeys(("left", "right", "top"), seen(PLAIN))
    fourth = {"bottom": undecided(lit(0.4))}
    assert chance_further_out(lit_round | fourth) > 0.9
    assert chance_further_out(dark_round | fourth) < 0.3


def test_a_line_that_is_no_lit_core_is_no_cut():
    others = {"left": with_cut(0.1), "right": with_cut(0.4), "top": with_cut(0.1)}
    green = BORDER + np.array([0.0, 90.0, 0.0])
    assert chance_further_out(others | {"bottom": undecided(green)}) < chance_further_out(
        others | {"bottom": undecided(lit(0.4))}
    )


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(SIDES), min_size=1), st.floats(0.0, 1.0), st.floats(0.1, 9.0))
def test_chances_are_chances_for_any_sides(present, share, misfit):
    each = seen({(HERE, 0): (1.0, BORDER), (FURTHER_OUT, CUT): (misfit, lit(share))})
    chances = edge_chances({side: replace(each) for side in present})
    assert set(chances) == present
    for values in chances.values():
        assert values.sum() == pytest.approx(1.0)
        assert values.min() >= 0


def test_nothing_seen_is_no_chances():
    assert edge_chances({}) == {}
