"""The printed border of an outlined frame ends at the line's outer side."""

import pytest

from edge.centering import measure
from edge.geometry import SIDES
from edge.simulator.card import print_edges_mm, render_card
from edge.simulator.design import Design
from edge.simulator.design_series import DEVELOPED

BROWN, BEVEL, _ = DEVELOPED["outlined, yellow"]
SILVER, _ = DEVELOPED["outlined, silver"]
PLAIN, _ = DEVELOPED["white on paper"]
OFFSET_MM = (0.4, -0.25)


def measured(lay, template, px_per_mm, seed=1):
    design = Design(template=template, seed=seed)
    image, quad = lay(render_card(design, 24.0, OFFSET_MM), px_per_mm=px_per_mm)
    left, top, right, bottom = print_edges_mm(design, OFFSET_MM)
    return measure(image, quad).figures, dict(zip(SIDES, (left, right, top, bottom), strict=True))


@pytest.mark.parametrize("template", [BROWN, BEVEL, SILVER], ids=lambda each: each.name)
@pytest.mark.parametrize("px_per_mm", [7.6, 12.0])
def test_the_line_belongs_to_the_print(lay, template, px_per_mm):
    # The inner side of the line, 0.15 to 0.35 mm further in, was stated to 0.01 or 0.02 mm.
    found, truth = measured(lay, template, px_per_mm)
    for side in SIDES:
        width = found.borders_mm[side]
        assert abs(width.value - truth[side]) < min(3 * width.std, 0.1)
    shift = 100 * OFFSET_MM[0] / (truth["left"] + truth["right"])
    assert found.left_right.first == pytest.approx(50 + shift, abs=0.6)


def test_a_plain_frame_is_measured_as_before(lay):
    found, truth = measured(lay, PLAIN, 12.0)
    assert all(abs(found.borders_mm[side].value - truth[side]) < 0.02 for side in SIDES)
