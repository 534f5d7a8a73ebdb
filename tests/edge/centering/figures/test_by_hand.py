import numpy as np
import pytest

from edge.centering import centering_report
from edge.centering.edges.strips import card_to_image
from edge.centering.figures.by_hand import measured_by_hand
from edge.errors import MeasurementError
from edge.geometry import transform_points
from edge.wire.centering import MeasuredCentering

OUTER = np.array([[150.0, 120], [885, 140], [865, 1165], [130, 1145]])


def inner(left, top, right, bottom):
    corners = np.array([[left, top], [63 - right, top], [63 - right, 88 - bottom], [left, 88 - bottom]], dtype=float)
    return transform_points(card_to_image(OUTER), corners)


def test_the_lines_give_borders_shares_and_grades_as_any_measurement_does():
    found = centering_report(measured_by_hand(OUTER, inner(3, 2.5, 2, 3.5), "front"))
    assert isinstance(found, MeasuredCentering)
    assert {side: value.value for side, value in found.borders_mm.items()} == pytest.approx(
        {"left": 3, "right": 2, "top": 2.5, "bottom": 3.5}, abs=0.01
    )
    assert found.left_right[0] == pytest.approx(60, abs=0.1)
    assert found.grades["PSA"].best == "9"
    assert len(found.points) == 24
    assert found.points[0].outer_px == pytest.approx((147.5, 248.2), abs=1)
    assert 0.5 < found.left_right_std < 3
    assert "by hand" in found.notes[0]


def test_a_print_that_is_turned_is_told():
    lines = transform_points(np.linalg.inv(card_to_image(OUTER)), inner(3, 3, 3, 3))
    turn = np.radians(0.5)
    middle = np.array([31.5, 44])
    turned = (lines - middle) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + middle
    found = measured_by_hand(OUTER, transform_points(card_to_image(OUTER), turned), "back")
    assert found.figures.rotation_deg.value == pytest.approx(0.5, abs=0.02)
    assert found.figures.left_right.first == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (inner(-1, 3, 3, 3), "left line lies outside the card"),
        (inner(3, 3, 3, -0.5), "bottom line lies outside the card"),
        (inner(3, 3, 3, 3)[[0, 2, 1, 3]], "the lines cross"),
        (np.zeros((4, 2)), "the lines cross"),
    ],
)
def test_lines_of_no_card_are_refused(lines, said):
    with pytest.raises(MeasurementError, match=said):
        measured_by_hand(OUTER, lines, "front")
