"""Designs that collectors own: the printed border ends where it is said to, whatever lies inside of it."""

import numpy as np
import pytest

from edge.simulator.card import foil_mask, render_card
from edge.simulator.design import Design, Outline, Template
from edge.simulator.design_series import DEVELOPED, REPORTED

PX_PER_MM = 20.0
WHITE, BLACK, RED = (255.0, 255.0, 255.0), (0.0, 0.0, 0.0), (0.0, 0.0, 255.0)
LINED = Template(
    name="lined",
    border=BLACK,
    widths_mm=(2.0, 5.0, 3.0, 2.5),
    outlines=(Outline(color=WHITE, widths_mm=(0.3, 0.3)),),
    corner_mm=0.0,
    frames=(RED,),
    texture="plain",
)


def test_methods_are_judged_on_designs_that_they_were_not_made_on():
    developed, reported = ({t.name for each in group.values() for t in each} for group in (DEVELOPED, REPORTED))
    assert not developed & reported
    assert list(DEVELOPED) == list(REPORTED)


@pytest.mark.parametrize("offset_mm", [(0.0, 0.0), (0.43, -0.31)])
def test_the_border_ends_at_the_outer_side_of_the_line(offset_mm):
    picture = render_card(Design(template=LINED, seed=0), PX_PER_MM, offset_mm)
    row, column = picture[picture.shape[0] // 2, :, 1], picture[:, picture.shape[1] // 2, 1]
    # The border is black but for how light a seed makes it; the line is white.
    starts = [np.argmax(each > 128) / PX_PER_MM for each in (row, column, row[::-1], column[::-1])]
    left, top, right, bottom = LINED.widths_mm
    expected = left + offset_mm[0], top + offset_mm[1], right - offset_mm[0], bottom - offset_mm[1]
    assert starts == pytest.approx(expected, abs=1.1 / PX_PER_MM)


def test_a_foil_border_shines_and_a_new_cut_has_no_nicks():
    foil = next(t for each in DEVELOPED.values() for t in each if t.foil)
    mask = foil_mask(Design(template=foil, seed=1), 4.0)
    assert mask[0, 0] == 1
    assert mask[176, 126] == 0
    worn = next(t for each in DEVELOPED.values() for t in each if t.worn_mm)
    assert np.ptp(render_card(Design(template=worn, seed=1), 8.0)[0, 40:-40], axis=0).max() > 20
