import numpy as np
import pytest

from edge.centering.edges.border import check_border, trace_sides
from edge.centering.edges.strips import Strip
from edge.errors import MeasurementError
from edge.geometry import SIDES

STEP_MM = 0.07
BLUR_MM = 0.06
GROUND, BORDER, LINE, FRAME = 200.0, 40.0, 80.0, 190.0


def strip(side, edges_mm, levels):
    """A side on which the level changes at each edge, in mm from s = 0."""
    across = -1.2 + (np.arange(120) + 0.5) * STEP_MM
    along = 8 + np.arange(72) * (0.65 if side in ("top", "bottom") else 1.0)
    level = levels[0] + sum(
        (after - before) / (1 + np.exp(-1.7 * (across - np.reshape(edge, (-1, 1))) / BLUR_MM))
        for edge, before, after in zip(edges_mm, levels, levels[1:], strict=False)
    )
    noisy = level + np.random.default_rng(len(side)).normal(0, 1.0, (len(along), len(across)))
    return Strip(
        side=side,
        profiles=np.repeat(noisy[..., None], 3, axis=2).astype(np.float32),
        along_mm=along,
        first_mm=float(across[0]),
        step_mm=STEP_MM,
        to_image=np.eye(3),
    )


def card(bottom):
    """Three borders of 3 mm whose print begins with a line 0.8 mm wide, and another side."""
    usual = ((0.0, 3.0, 3.8), (GROUND, BORDER, LINE, FRAME))
    return [strip(side, *(bottom if side == "bottom" else usual)) for side in SIDES]


def border_mm(found):
    return found.inner.curve[0] - found.outer.curve[0]


def test_all_sides_are_found_where_they_are():
    found = trace_sides(card(((0.0, 3.0, 3.8), (GROUND, BORDER, LINE, FRAME))))
    assert list(found) == list(SIDES)
    for side in SIDES:
        assert border_mm(found[side]) == pytest.approx(3.0, abs=0.02)
        assert found[side].inner.doubt_mm < 0.05


def test_an_edge_far_stronger_than_those_of_the_other_sides_gives_way_to_one_like_theirs():
    # Too wavy to be taken for the print's edge on the side itself.
    wavy = 3.0 + np.random.default_rng(0).normal(0, 0.025, 72)
    found = trace_sides(card(((0.0, wavy, 3.8), (GROUND, BORDER, LINE, FRAME))))["bottom"]
    off_mm = abs(border_mm(found) - 3.0)
    assert off_mm < max(0.05, 2 * found.inner.doubt_mm)


def test_a_strip_on_the_border_is_not_taken_for_a_narrow_border_with_confidence():
    found = trace_sides(card(((0.0, 0.7, 3.0, 3.8), (GROUND, 75.0, BORDER, LINE, FRAME))))["bottom"]
    off_mm = abs(border_mm(found) - 3.0)
    assert off_mm < max(0.05, 3 * found.inner.doubt_mm)


def test_a_frame_taken_for_the_card_is_refused_by_its_narrow_borders():
    found = trace_sides([strip(side, (0.0, 0.8), (GROUND, BORDER, LINE)) for side in SIDES])
    with pytest.raises(MeasurementError, match="1.6 mm together"):
        check_border(found)
