import numpy as np
import pytest

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from training.evaluation.centering import METHOD, REFERENCED, CenteringOutcome, measure_scene
from training.evaluation.centering_baselines import BASELINES, canny_hough, fixed_inner_threshold, threshold_box
from training.evaluation.centering_report import centering_to_markdown
from training.evaluation.centering_scenes import BORDERLESS, centering_scene
from training.evaluation.centering_summary import summarise
from training.evaluation.gauge import analyse

TRUTH_MM = (3.0, 3.0, 4.0, 2.0)
PX_PER_MM = 10


def outcome(answer, *, truth=TRUTH_MM, std=0.02, points=0.5, condition="clean", seed=1, reason=None, shift=None):
    return CenteringOutcome(
        condition=condition,
        seed=seed,
        card_id="abc-001",
        px_per_mm=15.0,
        truth_mm=truth,
        centred_mm=truth,
        by_design=False,
        stated_shares={},
        answers={METHOD: answer, REFERENCED: None, **dict.fromkeys(BASELINES)},
        stds={METHOD: (*(std,) * 4, points, points) if answer else (), REFERENCED: ()},
        reason=reason,
        shift=shift,
        shift_stds=(0.01, 0.01, 0.02),
        shift_reason=None if shift else "no reference",
        milliseconds=(20.0, 30.0),
    )


def test_errors_coverage_and_refusals_are_counted():
    results = [
        outcome((3.01, 2.99, 4.0, 2.0)),
        outcome((3.5, 3.0, 4.0, 2.0), seed=2),
        outcome(None, reason="too few pixels", condition="blur"),
        outcome(None, truth=None, reason="no printed border", condition="blur"),
    ]
    summary = summarise(results)
    clean, everything = summary["conditions"]["clean"], summary["conditions"]["all"]
    assert clean["measured"]["hits"] == 2
    assert clean["widths within the stated 95 %"]["value"] == pytest.approx(7 / 8)
    assert clean["methods"][METHOD]["width_mm"]["bias"] == pytest.approx(0.5 / 8)
    assert clean["wrong by more than 3 points"] == ["abc-001 seed 2"]
    assert clean["of those, more than 3 standard uncertainties"] == ["abc-001 seed 2"]
    assert (everything["measured"]["hits"], everything["measured"]["count"]) == (2, 3)
    assert everything["borderless refused"]["hits"] == 1
    assert everything["refusals"] == {"too few pixels": 1}
    page = centering_to_markdown(summary)
    assert "| clean | 2 of 2 |" in page
    assert "| too few pixels | 1 |" in page


def test_a_wrong_answer_that_says_so_is_not_confidently_wrong():
    # Off by 3.85 points, with 0.5 and with 2 points stated.
    found = summarise([outcome((3.5, 3.0, 4.0, 2.0)), outcome((3.5, 3.0, 4.0, 2.0), points=2.0, seed=2)])
    clean = found["conditions"]["clean"]
    assert len(clean["wrong by more than 3 points"]) == 2
    assert clean["of those, more than 3 standard uncertainties"] == ["abc-001 seed 1"]
    assert "| 2 | 1 |" in centering_to_markdown(found)


def test_errors_of_the_registered_print_are_counted():
    results = [
        outcome(None, truth=None, shift=(0.01, -0.01, 0.0), condition="full art"),
        outcome(None, truth=None, shift=(0.03, 0.01, 0.1), condition="full art"),
        outcome(None, truth=None, condition="full art"),
    ]
    found = summarise(results)["conditions"]["full art"]["registration"]["borderless"]
    assert (found["registered"]["hits"], found["registered"]["count"]) == (2, 3)
    assert found["shift_mm"]["bias"] == pytest.approx(0.01)
    assert found["shifts within the stated 95 %"]["value"] == pytest.approx(3 / 4)
    assert found["turns within the stated 95 %"]["value"] == pytest.approx(1 / 2)
    assert found["refusals"] == {"no reference": 1}
    assert "| full art | borderless | 2 of 3 |" in centering_to_markdown(summarise(results))


def test_a_borderless_scene_is_measured_by_registration():
    found = measure_scene(centering_scene(BORDERLESS, 3))
    assert found.truth_mm is None
    assert found.answers[METHOD] is None
    assert found.shift is not None, found.shift_reason
    assert max(map(abs, found.shift[:2])) < 0.06


def picture(borders_mm=TRUTH_MM, ground=40, border=230, print_=90):
    left, right, top, bottom = (round(each * PX_PER_MM) for each in borders_mm)
    width, height, margin = round(CARD_WIDTH_MM * PX_PER_MM), round(CARD_HEIGHT_MM * PX_PER_MM), 60
    image = np.full((height + 2 * margin, width + 2 * margin, 3), ground, np.uint8)
    image[margin : margin + height, margin : margin + width] = border
    image[margin + top : margin + height - bottom, margin + left : margin + width - right] = print_
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + margin - 0.5
    return image, corners


@pytest.mark.parametrize("baseline", [threshold_box, canny_hough, fixed_inner_threshold])
def test_baselines_measure_what_is_easy(baseline):
    found = baseline(*picture())
    assert [found[side] for side in ("left", "right", "top", "bottom")] == pytest.approx(TRUTH_MM, abs=0.25)


@pytest.mark.parametrize("baseline", [threshold_box, canny_hough, fixed_inner_threshold])
def test_baselines_find_nothing_on_an_even_ground(baseline):
    image, quad = picture()
    assert baseline(np.full_like(image, 90), quad) is None


def test_variance_components_of_a_gauge_study_are_recovered():
    rng = np.random.default_rng(0)
    parts, setups = rng.normal(50, 5, (60, 1, 1)), rng.normal(0, 0.4, (1, 40, 1))
    found = analyse(parts + setups + rng.normal(0, 0.2, (60, 40, 3)))
    assert found.repeatability == pytest.approx(0.2, rel=0.05)
    assert found.reproducibility == pytest.approx(0.4, rel=0.3)
    assert found.parts == pytest.approx(5, rel=0.25)
    assert found.to_json()["grr_percent_of_variation"] == pytest.approx(100 * 0.45 / 5, rel=0.4)


def test_cards_that_were_refused_are_left_out():
    rng = np.random.default_rng(1)
    readings = rng.normal(50, 5, (10, 1, 1)) + rng.normal(0, 0.1, (10, 3, 3))
    readings[4, 1, 2] = np.nan
    found = analyse(readings)
    assert (found.cards, found.refused) == (9, 1)
