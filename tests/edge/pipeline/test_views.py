from types import SimpleNamespace

import numpy as np
import pytest

from edge.imaging.rectification import upside_down
from edge.pipeline.views import Views

UPRIGHT = np.array([[10.0, 10], [73, 10], [73, 98], [10, 98]])
IMAGE = np.random.default_rng(0).integers(0, 256, (110, 90, 3), dtype=np.uint8)


def answer(track_id=1, *, sharp=True, sure=False, sharpness=100.0, shown_since=0, quad=UPRIGHT):
    crop = SimpleNamespace(
        track_id=track_id, sharp=sharp, sharpness=sharpness, shown_since=shown_since, quad=quad,
        frame=SimpleNamespace(image=IMAGE),
    )  # fmt: skip
    return SimpleNamespace(crop=crop, recognition=SimpleNamespace(sure=sure))


@pytest.fixture
def views() -> Views:
    return Views()


def test_the_newest_three_sharp_views_are_kept(views):
    views.add([answer(sharpness=number, sharp=number != 4) for number in range(6)])
    assert [view.sharpness for view in views.of(1)] == [2, 3, 5]
    assert views.of(1)[0].card.shape == (704, 504, 3)
    assert views.of(2) == ()


def test_a_card_that_is_recognised_is_no_more_to_be_learned(views):
    views.add([answer(), answer(track_id=2)])
    views.add([answer(sure=True)])
    assert (len(views.of(1)), len(views.of(2))) == (0, 1)


def test_what_another_card_in_the_same_place_showed_is_dropped(views):
    views.add([answer(), answer(), answer(shown_since=9)])
    assert [view.shown_since for view in views.of(1)] == [9]


def test_a_blurred_look_at_another_card_drops_what_lay_there_before(views):
    views.add([answer(), answer(), answer()])
    views.add([answer(sharp=False, shown_since=9)])
    assert views.of(1) == ()


def test_a_late_look_at_a_card_that_is_gone_changes_nothing(views):
    views.add([answer(shown_since=9), answer(shown_since=9)])
    views.add([answer(), answer(sharp=False)])
    assert [view.shown_since for view in views.of(1)] == [9, 9]


def test_views_of_few_tracks_are_kept_those_that_were_looked_at_last(views):
    views.add([answer(track_id=number) for number in (1, 2, 3, 4, 1, 5)])
    assert [number for number in range(1, 6) if views.of(number)] == [1, 3, 4, 5]


def test_the_side_that_is_higher_in_the_picture_is_on_top(views):
    views.add([answer(), answer(quad=np.roll(UPRIGHT, 2, axis=0))])
    first, second = views.of(1)
    assert (first.card == second.card).all()
    assert (first.card != upside_down(first.card)).any()
