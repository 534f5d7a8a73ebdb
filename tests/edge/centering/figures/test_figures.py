"""From places to figures: what the sides share, and what they do not."""

import numpy as np
import pytest

from edge.centering.figures.figures import figures_from_places
from edge.centering.figures.grading import shipped_tables
from edge.centering.figures.places import place_positions_mm
from edge.centering.result import Place
from edge.geometry import SIDES


def places(own_mm, common_mm, **widths_mm):
    std = float(np.hypot(own_mm, common_mm))
    return [
        Place(
            side=side,
            position_mm=float(position),
            outer_px=(0.0, 0.0),
            inner_px=(1.0, 1.0),
            width_mm=widths_mm[side],
            std_mm=float(np.hypot(std, 0.01)),
            shared_std_mm=std,
            common_std_mm=common_mm,
            outlier=False,
        )
        for side in SIDES
        for position in place_positions_mm(side)
    ]


def test_a_width_that_all_sides_are_off_by_together_hardly_moves_the_shares():
    borders = {"left": 3.2, "right": 2.8, "top": 3.0, "bottom": 3.0}
    apart, together = (
        figures_from_places(places(*stds, **borders), "front", shipped_tables()) for stds in ((0.1, 0.0), (0.0, 0.1))
    )
    assert together.borders_mm["left"].std == pytest.approx(apart.borders_mm["left"].std, rel=1e-3)
    # 0.1 mm more on both sides of 6 mm brings 53.33 nearer to 50 by 0.11 points; on one of them it moves it by 0.8.
    assert together.left_right.std == pytest.approx(0.11, abs=0.05)
    assert apart.left_right.std > 0.8
