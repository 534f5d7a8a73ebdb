import json

import cv2
import numpy as np
import pytest

from edge.centering import centering_report, measure
from edge.centering.figures.places import place_positions_mm
from edge.geometry import SIDES, rotated_half_turn
from edge.simulator.card import render_card

PX_PER_MM = 14.0


def roughly(quad, error_mm=0.4, seed=1):
    return quad + np.random.default_rng(seed).normal(0, error_mm * PX_PER_MM, (4, 2))


def widths(centering):
    assert centering.figures is not None, centering.reason
    return np.array([centering.figures.borders_mm[side].value for side in SIDES])


def stds(centering):
    return np.array([centering.figures.borders_mm[side].std for side in SIDES])


def reason(image, quad):
    centering = measure(image, quad)
    assert centering.figures is None
    assert not centering.measurable
    report = centering_report(centering).model_dump()
    assert "borders_mm" not in report
    assert "grades" not in report
    return centering.reason


def test_places_are_evenly_spaced_with_the_middle_among_them():
    assert [len(place_positions_mm(side)) for side in SIDES] == [7, 7, 5, 5]
    assert place_positions_mm("left")[3] == 44.0
    assert place_positions_mm("top")[2] == 31.5
    assert np.ptp(np.diff(place_positions_mm("right"))) < 1e-9


def test_a_clear_card_is_measured_to_hundredths_of_a_millimetre(clear_shot):
    centering = measure(clear_shot.image, roughly(clear_shot.quad))
    errors = widths(centering) - clear_shot.borders_mm
    assert np.abs(errors).max() < 0.02
    assert (np.abs(errors) < 1.96 * stds(centering)).all()
    left, right, top, bottom = clear_shot.borders_mm
    assert centering.figures.left_right.first == pytest.approx(100 * left / (left + right), abs=0.5)
    assert centering.figures.top_bottom.first == pytest.approx(100 * top / (top + bottom), abs=0.5)
    assert abs(centering.figures.rotation_deg.value) < 0.05
    assert np.linalg.norm(centering.quad - clear_shot.quad, axis=1).max() < 0.5
    assert centering.px_per_mm == pytest.approx(PX_PER_MM, rel=0.02)


@pytest.mark.parametrize(
    ("conditions", "tolerance_mm"),
    [
        ({"tilt": 0.08}, 0.03),
        ({"blur_px": 1.8, "noise": 4.0}, 0.05),
        ({"px_per_mm": 9.0}, 0.04),
        ({"angle": 12.0}, 0.03),
        ({"ground": (220, 225, 230)}, 0.04),
    ],
    ids=["tilted", "blurred", "small", "turned", "bright ground"],
)
def test_disturbed_pictures_cost_little(shoot, bordered, conditions, tolerance_mm):
    shot = shoot(bordered, (-0.5, 0.7), **conditions)
    centering = measure(shot.image, roughly(shot.quad, 0.25))
    errors = widths(centering) - shot.borders_mm
    assert np.abs(errors).max() < tolerance_mm
    assert (np.abs(errors) < 3 * stds(centering)).all()


def test_a_rotated_print_is_told_from_a_shifted_one(lay, bordered):
    card = render_card(bordered, 22.0, (0.0, 0.0), 0.4)
    image, quad = lay(card)
    found = measure(image, roughly(quad)).figures
    assert found is not None
    assert found.rotation_deg.value == pytest.approx(0.4, abs=0.05)


def test_the_other_way_up_left_and_right_are_exchanged(clear_shot):
    upright, turned = (measure(clear_shot.image, q) for q in (clear_shot.quad, rotated_half_turn(clear_shot.quad)))
    assert widths(turned) == pytest.approx(widths(upright)[[1, 0, 3, 2]], abs=0.01)


def test_what_covers_a_part_of_the_border_is_left_out(clear_shot):
    image = clear_shot.image.copy()
    top_left, bottom_left = clear_shot.quad[0], clear_shot.quad[3]
    at = top_left + (bottom_left - top_left) * 22 / 88 + np.array([3.0, 0.0]) * PX_PER_MM
    cv2.circle(image, tuple(np.rint(at).astype(int).tolist()), round(2.2 * PX_PER_MM), (30, 40, 200), -1, cv2.LINE_AA)
    centering = measure(image, clear_shot.quad)
    assert np.abs(widths(centering) - clear_shot.borders_mm).max() < 0.03
    outliers = [(place.side, place.position_mm) for place in centering.places if place.outlier]
    assert outliers == [("left", 22.0)]


def test_the_report_has_everything_in_json(clear_shot):
    report = json.loads(centering_report(measure(clear_shot.image, clear_shot.quad)).model_dump_json())
    assert report["measurable"]
    assert report["reason"] is None
    assert sum(report["left_right"]) == pytest.approx(100, abs=0.02)
    assert set(report["borders_mm"]) == set(SIDES)
    assert set(report["grades"]) == {"PSA", "BGS", "SGC", "CGC", "TAG"}
    points = report["points"]
    assert len(points) == 24
    for point in points:
        reach = np.linalg.norm(np.subtract(point["inner_px"], point["outer_px"])) / PX_PER_MM
        assert point["width_mm"] == pytest.approx(reach, abs=0.06)


def test_borderless_cards_get_no_figures(shoot, borderless):
    shot = shoot(borderless)
    assert "no printed border" in reason(shot.image, roughly(shot.quad))


def test_an_empty_ground_is_no_card(clear_shot):
    assert "no straight card edge" in reason(np.full_like(clear_shot.image, 90), clear_shot.quad)


def test_half_a_card_is_refused(clear_shot):
    cut = clear_shot.image[: clear_shot.image.shape[0] // 2]
    assert reason(cut, clear_shot.quad) == "part of the card is outside the picture"


def test_a_covered_side_is_refused(clear_shot):
    image = clear_shot.image.copy()
    image[:, : round(clear_shot.quad[:, 0].min() + 6 * PX_PER_MM)] = 25
    assert "left" in reason(image, clear_shot.quad)


def test_a_card_of_another_size_is_refused(lay, bordered):
    card = cv2.resize(render_card(bordered, 22.0), (1210, 1936), interpolation=cv2.INTER_AREA)
    narrow, quad = lay(card)
    narrow = cv2.resize(narrow, None, fx=0.9, fy=1.0, interpolation=cv2.INTER_AREA)
    assert "not a 63 x 88 mm card" in reason(narrow, quad * (0.9, 1.0))


def test_a_round_sticker_is_refused(clear_shot):
    image = np.full_like(clear_shot.image, 90)
    centre = tuple(np.rint(clear_shot.quad.mean(axis=0)).astype(int).tolist())
    cv2.circle(image, centre, round(36 * PX_PER_MM), (40, 200, 230), -1, cv2.LINE_AA)
    assert "no straight card edge" in reason(image, clear_shot.quad)


def test_too_few_pixels_are_refused_with_what_is_needed(clear_shot):
    small = cv2.resize(clear_shot.image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    found = reason(small, (clear_shot.quad + 0.5) / 4 - 0.5)
    assert found.startswith("too few pixels: the card has 3.5 px/mm, at least 5 are needed")


def test_a_degenerate_outline_is_refused(clear_shot):
    assert "convex" in reason(clear_shot.image, np.array([[100.0, 100], [200, 200], [300, 300], [400, 400]]))
