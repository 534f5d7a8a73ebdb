import numpy as np
import pytest

from edge.detection.following.known import Place, followed
from edge.detection.following.search import Searched
from edge.detection.following.whole_frame import UNCONFIRMED_SEARCHES, WholeFrame
from edge.frame import Detection, Frame

EMPTY = np.full((240, 320, 3), 90, np.uint8)
ALL = Place(window=(0, 0, 320, 240))
CARD = np.array([[20.0, 10.0], [83.0, 10.0], [83.0, 98.0], [20.0, 98.0]])


def frame(image=EMPTY):
    return Frame(frame_id=0, timestamp_ns=0, image=image)


def card(moved=0.0):
    return followed(Detection(quad=CARD + moved, confidence=0.9), EMPTY)


def searched(image=EMPTY):
    return Searched(image=image, places=(ALL,), found=())


@pytest.fixture
def whole():
    return WholeFrame()


def test_the_first_frame_is_searched_all_over(whole):
    assert [each.window for each in whole.look(frame(), [])[1]] == [ALL.window]


def test_a_frame_is_searched_again_once_it_differs(whole):
    whole.merged(searched(), [], [])
    assert whole.look(frame(EMPTY.copy()), [])[1] == ()
    other = EMPTY.copy()
    other[40:104, 40:104] = 200
    assert [each.window for each in whole.look(frame(other), [])[1]] == [ALL.window]


def test_what_is_known_is_left_alone(whole):
    known = [card()]
    assert whole.look(frame(), known)[0] is known


def test_a_card_that_searches_miss_is_given_up_after_a_few(whole):
    known = [card()]
    for missed in range(1, UNCONFIRMED_SEARCHES + 1):
        known = whole.merged(searched(), [], known)
        assert [each.missed for each in known] == [missed]
    assert whole.merged(searched(), [], known) == []


def test_what_was_found_takes_the_place_of_what_was_known(whole):
    found, beside = card(2.0), card(100.0)
    assert whole.merged(searched(), [found], [card(), beside])[0] is found
    assert len(whole.merged(searched(), [found], [card(), beside])) == 2


def test_after_forgetting_the_next_frame_is_searched(whole):
    whole.merged(searched(), [], [])
    whole.forget()
    assert whole.look(frame(), [])[1] != ()
