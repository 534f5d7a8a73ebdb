from dataclasses import replace

import numpy as np
import pytest

from edge.centering import Centering, RestingCard
from edge.centering.figures.combination import combine
from edge.centering.figures.figures import figures_from_places
from edge.centering.figures.grading import shipped_tables
from edge.centering.figures.places import place_positions_mm
from edge.centering.figures.resting import MAX_FRAMES, PATIENCE_FRAMES
from edge.centering.result import Place
from edge.errors import MeasurementError
from edge.geometry import SIDES

BORDERS_MM = {"left": 3.2, "right": 2.8, "top": 3.0, "bottom": 3.5}
REFUSED = Centering(figures=None, reason="no printed border")


def reading(own_std_mm=0.05, shared_std_mm=0.01, rng=None, **borders_mm):
    std = float(np.hypot(own_std_mm, shared_std_mm))
    places = tuple(
        Place(
            side=side,
            position_mm=float(position),
            outer_px=(0.0, 0.0),
            inner_px=(1.0, 1.0),
            width_mm=(BORDERS_MM | borders_mm)[side] + (0.0 if rng is None else float(rng.normal(0, own_std_mm))),
            std_mm=std,
            shared_std_mm=shared_std_mm,
            outlier=False,
        )
        for side in SIDES
        for position in place_positions_mm(side)
    )
    return measured(places)


def measured(places):
    return Centering(figures=figures_from_places(places, "front", shipped_tables()), places=places, px_per_mm=12.0)


def with_place(centering, index, **changes):
    places = list(centering.places)
    places[index] = replace(places[index], **changes)
    return measured(tuple(places))


def test_own_errors_average_out_and_shared_ones_stay():
    rng = np.random.default_rng(4)
    frames = [reading(rng=rng) for _ in range(16)]
    combined = combine(frames)
    assert combined.frames == 16
    assert combined.figures.borders_mm["left"].value == pytest.approx(3.2, abs=0.015)
    assert combined.places[0].std_mm == pytest.approx(np.hypot(0.05 / 4, 0.01), rel=0.05)
    alone = [frame.figures.left_right.std for frame in frames]
    assert combined.figures.left_right.std < 0.8 * np.median(alone)
    assert all(place.std_mm > 0.01 for place in combined.places)


def test_sharp_frames_count_for_more_than_blurred_ones():
    combined = combine([reading(0.02, left=3.2), reading(0.2, left=3.4)])
    assert combined.figures.borders_mm["left"].value == pytest.approx(
        3.2 + 0.2 * (0.02**2 + 0.01**2) / 0.0405, abs=2e-3
    )


def test_glare_in_one_frame_is_filled_from_another():
    spoilt = with_place(reading(), 2, outlier=True, width_mm=5.0)
    combined = combine([reading(), spoilt])
    assert not combined.places[2].outlier
    assert combined.places[2].width_mm == pytest.approx(3.2)


def test_a_reading_far_from_the_others_is_left_out():
    wrong = with_place(reading(), 0, width_mm=6.0)
    assert combine([reading(), reading(), wrong, reading()]).places[0].width_mm == pytest.approx(3.2)


def test_frames_that_contradict_each_other_leave_a_large_uncertainty():
    (place, *_) = combine([reading(left=3.2), reading(left=3.2), reading(left=4.0), reading(left=4.0)]).places
    assert place.width_mm == pytest.approx(3.6)
    assert place.std_mm > 0.2


def test_refusals_are_left_out_and_stand_when_there_is_nothing_else():
    assert combine([REFUSED, reading(), REFUSED]).frames == 1
    assert combine([REFUSED]) is REFUSED


def test_front_and_back_are_not_mixed():
    with pytest.raises(MeasurementError, match="front and of the back"):
        combine([reading(), replace(reading(), face="back")])
    with pytest.raises(MeasurementError, match="no measurements"):
        combine([])


def test_a_good_measurement_is_published_at_once():
    card = RestingCard()
    card.add(reading(0.02, 0.005))
    assert card.report.measurable
    assert card.report.frames == 1


def test_an_uncertain_measurement_waits_for_more_frames():
    card = RestingCard()
    for _ in range(PATIENCE_FRAMES - 1):
        card.add(reading(0.05, 0.2))
        assert card.report is None
    card.add(reading(0.05, 0.2))
    assert card.report.frames == PATIENCE_FRAMES


def test_what_is_published_changes_only_when_the_measurement_does():
    card = RestingCard()
    card.add(reading(0.001, 0.02))
    first = card.report
    card.add(reading(0.001, 0.02))
    assert card.report is first
    for _ in range(3):
        card.add(reading(0.001, 0.02, left=3.5))
    assert card.report is not first


def test_a_refusal_is_published_when_it_persists_and_withdrawn_when_a_frame_succeeds():
    card = RestingCard()
    for _ in range(PATIENCE_FRAMES):
        assert card.report is None
        card.add(REFUSED)
    assert card.report.reason == "no printed border"
    card.add(reading())
    assert card.report.measurable


def test_measuring_ends():
    card = RestingCard()
    for _ in range(MAX_FRAMES):
        assert not card.complete
        card.add(reading())
    assert card.complete
