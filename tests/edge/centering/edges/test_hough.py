from dataclasses import replace

import numpy as np
import pytest

from edge.centering.edges.hough import find_bow, find_edges


def test_straight_edges_are_not_bowed(strip):
    side = strip((0.0, 0.01, 80))
    assert find_bow(side, find_edges([side], 0.6)[0].peaks, 1.2) == 0.0


def test_strips_are_searched_together_as_one_by_one(strip):
    bowed = strip((0.1, -0.01, 60), (2.0, 0.005, 30), bow=0.4 / 36**2, seed=1)
    short = replace(strip((0.3, 0.0, 70), noise=3.0, seed=2), side="top")
    short = replace(short, profiles=short.profiles[:63].copy(), along_mm=short.along_mm[:63])
    blank = replace(bowed, profiles=np.full_like(bowed.profiles, 90.0))
    sides = [strip((0.013, 0.002, 80), (3.1, -0.001, -50)), blank, bowed, short]
    together = find_edges(sides, 0.6, bow_reach_mm=1.2)
    for side, found in zip(sides, together, strict=True):
        (alone,) = find_edges([side], 0.6, bow_reach_mm=1.2)
        assert np.array_equal(found.slopes, alone.slopes)
        assert np.array_equal(found.peaks.across_mm, alone.peaks.across_mm)
        assert [line.bow for line in found.lines] == [line.bow for line in alone.lines]
        assert [line.coverage for line in found.lines] == [line.coverage for line in alone.lines]
        positions_mm = [line.position_mm for line in found.lines]
        assert positions_mm == pytest.approx([line.position_mm for line in alone.lines])
    assert [len(found.lines) for found in together] == [2, 0, 2, 1]
