"""Designs that collectors own, as they were measured wrongly."""

import numpy as np
import pytest

from edge.centering import Setup, measure
from edge.geometry import SIDES
from training.evaluation.centering import METHOD, REFERENCED, measure_scene, shares_by_design, study_of_designs
from training.evaluation.centering_designs import design_scene
from training.evaluation.centering_summary import CONFIDENT_STDS, WRONG_POINTS


def confidently_wrong(outcome, method):
    off = zip(outcome.ratio_errors(method), outcome.stds[method][4:], strict=True)
    return any(abs(error) > WRONG_POINTS and abs(error) > CONFIDENT_STDS * std for error, std in off)


@pytest.mark.parametrize(
    ("condition", "seed"),
    [
        # An edge half a millimetre from the cut was taken for the print's, 29 and 38 points off.
        ("asymmetric", 138),
        ("asymmetric", 102),
        # A penny sleeve's edge was taken for the card's: 1.2 mm and 8 points off, 0.9 stated.
        ("black on black", 115),
    ],
)
def test_no_answer_is_confidently_wrong(condition, seed):
    outcome = measure_scene(design_scene(condition, seed, "developed"))
    assert not confidently_wrong(outcome, METHOD)
    assert not confidently_wrong(outcome, REFERENCED)


def test_with_its_reference_an_asymmetric_card_is_measured_by_its_design():
    scene = design_scene("asymmetric", 126, "developed")
    alone, known = measure(scene.image, scene.rough), measure(scene.image, scene.rough, scene.reference)
    assert alone.figures.grades == {}
    assert any("may be asymmetric" in note for note in alone.notes)
    truth = shares_by_design(scene.truth_mm, scene.centred_mm)
    assert known.figures.top_bottom.first == pytest.approx(truth[1], abs=2.0)
    assert "PSA" in known.figures.grades


@pytest.mark.parametrize("turn", [0, 2])
def test_a_back_is_registered_to_its_picture_either_way_up(turn):
    scene = design_scene("backs", 152, "developed")
    setup = Setup(face="back", backs=(scene.reference,))
    found = measure(scene.image, np.roll(scene.rough, turn, axis=0), None, setup)
    assert found.registration is not None
    for side, truth in zip(SIDES, scene.truth_mm, strict=True):
        width = found.figures.borders_mm[side]
        assert abs(width.value - truth) < max(3 * width.std, 0.05)


def test_an_edge_that_the_reference_does_not_confirm_is_told_all_the_same():
    scene = design_scene("outlined, yellow", 124, "developed")
    unclear = type(scene.reference)(encoded=scene.reference.encoded, borders_mm=None, name="unclear")
    found = measure(scene.image, scene.rough, unclear)
    assert found.measurable
    assert any("no clear printed border" in note for note in found.notes)
    truth = shares_by_design(scene.truth_mm, scene.centred_mm)
    assert found.figures.left_right.first == pytest.approx(truth[0], abs=max(1.0, 3 * found.figures.left_right.std))


def test_scenes_come_in_turn_and_count_by_scale_holder_and_ground():
    first, second = (job.args[0] for job in study_of_designs(2, 100, "reported"))
    assert first != second
    assert len(design_scene("full art", 105, "reported").strata) == 3
