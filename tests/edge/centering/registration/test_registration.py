from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.centering import RestingCard, Setup, centering_report, measure
from edge.centering.figures.combination import combine
from edge.centering.figures.drawing import draw_centering
from edge.centering.registration.original import original_borders_mm, print_reference
from edge.errors import DatabaseError
from edge.geometry import SIDES, rotated_half_turn
from edge.simulator.card import print_edges_mm, render_back, render_card

OFFSET_MM = (0.6, -0.4)


@pytest.fixture(scope="module")
def back():
    return print_reference(render_back(8.0), "back")


@pytest.fixture(scope="module")
def both_answers(clear_shot, bordered, reference_of):
    return measure(clear_shot.image, clear_shot.quad, reference_of(bordered))


@pytest.fixture(scope="module")
def full_art(shoot, borderless, reference_of):
    shot = shoot(borderless, OFFSET_MM)
    return shot, measure(shot.image, shot.quad, reference_of(borderless))


def shift_of(centering):
    return [each.value for each in centering.registration.shift_mm]


def test_borders_of_originals_are_read(bordered, borderless, original_of):
    left, top, right, bottom = print_edges_mm(bordered, (0.0, 0.0))
    found = original_borders_mm(original_of(bordered))
    assert [found[side] for side in SIDES] == pytest.approx([left, right, top, bottom], abs=0.03)
    assert original_borders_mm(original_of(borderless)) is None


def test_a_bordered_card_has_two_answers_that_agree(both_answers, clear_shot):
    assert both_answers.method == "print edges"
    assert shift_of(both_answers) == pytest.approx(OFFSET_MM, abs=0.04)
    borders = both_answers.registration.borders_mm
    assert [borders[side].value for side in SIDES] == pytest.approx(clear_shot.borders_mm, abs=0.05)
    assert both_answers.disagreement.stds < 3
    report = centering_report(both_answers)
    assert report.registration.shift_mm.right.value == pytest.approx(0.6, abs=0.04)
    assert report.disagreement.left_right == pytest.approx(
        report.left_right[0] - report.registration.left_right[0], abs=0.02
    )


def test_a_borderless_card_is_answered_by_its_reference(full_art):
    shot, centering = full_art
    assert not centering.measurable
    assert "no printed border" in centering.reason
    assert shift_of(centering) == pytest.approx(OFFSET_MM, abs=0.04)
    report = centering_report(centering).model_dump()
    assert "borders_mm" not in report
    assert "left_right" not in report["registration"]
    for value, truth in zip(centering.registration.shift_mm, OFFSET_MM, strict=True):
        assert abs(value.value - truth) < 3 * value.std
    drawn, plain = (draw_centering(shot.image, each) for each in (centering, replace(centering, registration=None)))
    assert (drawn != plain).any()


def test_a_border_that_cannot_be_read_comes_from_the_reference(clear_shot, bordered, reference_of):
    image = clear_shot.image.copy()
    share = np.linspace(0.15, 0.85, 15)
    inward = 3.2 * (clear_shot.quad[1] - clear_shot.quad[0]) / 63
    for at in clear_shot.quad[0] + share[:, None] * (clear_shot.quad[3] - clear_shot.quad[0]) + inward:
        cv2.circle(image, tuple(np.rint(at).astype(int).tolist()), 26, (30, 40, 200), -1, cv2.LINE_AA)
    assert not measure(image, clear_shot.quad).measurable
    centering = measure(image, clear_shot.quad, reference_of(bordered))
    assert (centering.method, len(centering.places)) == ("registration", 24)
    widths = [centering.figures.borders_mm[side].value for side in SIDES]
    assert widths == pytest.approx(clear_shot.borders_mm, abs=0.06)
    assert any("from the registered reference" in note for note in centering.notes)


def test_another_cards_reference_is_refused_in_words(clear_shot, borderless, reference_of):
    centering = measure(clear_shot.image, clear_shot.quad, reference_of(borderless))
    assert centering.measurable
    assert centering.registration is None
    assert "does not look like its reference picture" in centering.registration_reason


def test_without_a_reference_it_is_said(clear_shot):
    assert "no reference picture" in measure(clear_shot.image, clear_shot.quad).registration_reason


def test_a_damaged_reference_is_an_error(clear_shot, bordered, reference_of):
    with pytest.raises(DatabaseError, match="reference picture"):
        measure(clear_shot.image, clear_shot.quad, replace(reference_of(bordered), encoded=b"no picture"))


def test_an_edge_misread_is_told_by_the_prints_size(lay, bordered, reference_of):
    card = render_card(bordered, 22.0)
    trimmed = card[:, : -round(0.45 * 22)]
    wide = cv2.resize(trimmed, card.shape[1::-1], interpolation=cv2.INTER_AREA)
    image, quad = lay(wide)
    plain, told = measure(image, quad), measure(image, quad, reference_of(bordered))
    assert told.figures.left_right.std > 2 * plain.figures.left_right.std
    assert any("smaller across than it should be" in note for note in told.notes)


def test_a_card_far_too_small_for_its_print_is_refused(lay, bordered, reference_of):
    card = render_card(bordered, 22.0)
    wide = cv2.resize(card[:, : -round(0.9 * 22)], card.shape[1::-1], interpolation=cv2.INTER_AREA)
    image, quad = lay(wide)
    told = measure(image, quad, reference_of(bordered))
    assert not told.measurable
    assert "left or right edge is not clear: the card is 0.9 mm smaller across" in told.reason


def test_half_of_what_a_card_is_too_small_by_goes_to_either_side(lay, bordered, reference_of):
    card = render_card(bordered, 22.0)
    wide = cv2.resize(card[:, : -round(0.45 * 22)], card.shape[1::-1], interpolation=cv2.INTER_AREA)
    image, quad = lay(wide)
    plain, told = measure(image, quad), measure(image, quad, reference_of(bordered))
    left, _, right, _ = print_edges_mm(bordered, (0.0, 0.0))
    for side, truth in (("left", left), ("right", right)):
        border = told.figures.borders_mm[side]
        assert border.value == pytest.approx(plain.figures.borders_mm[side].value + 0.225, abs=0.04)
        assert abs(border.value - truth) < 1.96 * border.std


def test_of_two_answers_that_exclude_each_other_the_registration_is_given(clear_shot, bordered, original_of):
    original = original_of(bordered)
    moved = print_reference(np.roll(original, 6, axis=1), "moved")  # by 0.75 mm
    other = replace(moved, borders_mm=print_reference(original, "as it is").borders_mm)
    plain, told = measure(clear_shot.image, clear_shot.quad), measure(clear_shot.image, clear_shot.quad, other)
    difference = plain.figures.left_right.first - told.figures.left_right.first
    assert told.method == "registration"
    assert difference > 4
    assert told.figures.left_right.std > difference / 5
    assert told.figures.top_bottom.std < 1
    assert any("give another answer than the registration" in note for note in told.notes)


def test_edges_of_a_card_whose_original_has_no_border_are_told_with_a_note(clear_shot, bordered, reference_of):
    plain = measure(clear_shot.image, clear_shot.quad)
    told = measure(clear_shot.image, clear_shot.quad, replace(reference_of(bordered), borders_mm=None))
    assert told.figures.borders_mm == plain.figures.borders_mm
    assert any("reference picture has no clear printed border" in note for note in told.notes)
    assert shift_of(told) == pytest.approx(OFFSET_MM, abs=0.04)


@pytest.mark.parametrize("turned", [False, True])
def test_a_back_is_refused_unless_asked_for(lay, back, turned):
    image, quad = lay(render_back(22.0))
    quad = rotated_half_turn(quad) if turned else quad
    refused = measure(image, quad, setup=Setup(backs=(back,)))
    assert (refused.measurable, refused.reason) == (False, "this is the back of a card, not its front")
    assert not centering_report(refused).measurable
    assert measure(image, quad, setup=Setup(face="back", backs=(back,))).reason != refused.reason


def test_a_front_is_not_taken_for_a_back(clear_shot, back):
    assert measure(clear_shot.image, clear_shot.quad, setup=Setup(backs=(back,))).measurable


def test_frames_of_a_borderless_card_are_combined(full_art):
    _, centering = full_art
    found = combine([centering] * 4)
    assert shift_of(found) == pytest.approx(shift_of(centering))
    one, four = centering.registration.shift_mm[0].std, found.registration.shift_mm[0].std
    assert centering.registration.shared_std_mm[0] <= four < one
    assert found.frames == 4


def test_a_resting_borderless_card_is_reported(full_art):
    resting = RestingCard()
    resting.add(full_art[1])
    assert resting.report.registration.shift_mm.down.value == pytest.approx(OFFSET_MM[1], abs=0.04)
