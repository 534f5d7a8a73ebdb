"""Layouts that are asymmetric by design are no shifted prints."""

import pytest

from edge.centering.figures.figures import figures_from_places
from edge.centering.figures.grading import shipped_tables
from edge.centering.figures.layout import by_layout, layout_notes, unshifted
from edge.centering.figures.places import place_positions_mm
from edge.centering.result import Balance, Estimate, Place, Registration
from edge.geometry import SIDES

TRAINER = {"left": 3.0, "right": 3.0, "top": 5.74, "bottom": 2.63}
DESIGN = {"left": 3.0, "right": 3.0, "top": 5.64, "bottom": 2.73}


def figures(borders_mm, designed_mm=None):
    places = [
        Place(
            side=side,
            position_mm=float(position),
            outer_px=(0.0, 0.0),
            inner_px=(1.0, 1.0),
            width_mm=borders_mm[side],
            std_mm=0.02,
            shared_std_mm=0.015,
            outlier=False,
        )
        for side in SIDES
        for position in place_positions_mm(side)
    ]
    return figures_from_places(places, "front", shipped_tables(), designed_mm)


def test_borders_that_differ_by_more_than_a_print_is_shifted_give_no_grade():
    # It was PSA 7 with a probability of 1, for a card that is off by a tenth of a millimetre.
    found = figures(TRAINER)
    assert found.grades == {}
    assert abs(found.top_bottom.first - 50) <= 1.96 * found.top_bottom.std
    assert found.left_right.std < 0.5
    (note,) = layout_notes(TRAINER, None)
    assert "may be asymmetric: the top and bottom borders differ by 3.1 mm" in note


def test_a_reference_tells_the_shift_from_the_design():
    found = figures(TRAINER, DESIGN)
    assert found.top_bottom.first == pytest.approx(50 + 100 * 0.1 / 8.37, abs=0.01)
    assert found.grades["PSA"].best == "10"
    (note,) = layout_notes(TRAINER, DESIGN)
    assert "the layout is asymmetric" in note


def test_what_may_be_a_cropped_reference_is_uncertain_and_not_subtracted():
    shared = Balance(first=53.0, std=0.3)
    found = by_layout(shared, (3.18, 2.82), (3.1, 2.9))
    assert found.first == 53.0
    assert found.std == pytest.approx((0.3**2 + (100 * 0.1 / 6) ** 2) ** 0.5)


def test_a_shift_gives_the_design_where_its_picture_shows_no_border():
    still = Estimate(value=0.0, std=0.01)
    moved = Registration(
        shift_mm=(still, Estimate(value=0.2, std=0.01)),
        shared_std_mm=(0.01, 0.01),
        rotation_deg=still,
        scale=(still, still),
        correlation=0.9,
        agreeing=0.9,
    )
    assert unshifted(TRAINER, moved) == pytest.approx({"left": 3.0, "right": 3.0, "top": 5.54, "bottom": 2.83})
    across, along = moved.equivalent
    assert across.first == 50.0
    assert along.first == pytest.approx(50 + 100 * 0.2 / 6)
    assert along.std > across.std
