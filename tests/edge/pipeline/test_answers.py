from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from edge.database.search import Match
from edge.pipeline.answers import TrackedCard, card_message, feedback_of, topics_of
from edge.pipeline.selection import Demand
from edge.pipeline.smoothing import Reading, Verdict
from edge.pipeline.tracking import Track
from edge.recognition.belief import Belief, Worth
from edge.recognition.printings import Printings
from edge.recognition.recognition import Recognition
from edge.wire.envelope import Topic
from edge.wire.messages import TrackState
from edge.wire.session import FrameStamp, Session

QUAD = np.array([[10.0, 10.0], [73.0, 10.0], [73.0, 98.0], [10.0, 98.0]])
FRAME = FrameStamp(frame_id=9, timestamp_ns=7, width=800, height=600)
CONFIRMED = Verdict(state=TrackState.CONFIRMED, card_id="a-1")


def envelope(topic):
    return Session("bench").envelope(topic, FRAME, ["slow"])


def tracked(**known):
    track = Track(
        track_id=3,
        quad=QUAD,
        velocity=np.zeros(2),
        confidence=0.9,
        frame_id=9,
        hits=4,
        seen_ns=7,
        missed_frames=0,
        shown_since=0,
    )
    return TrackedCard(track=track, published_quad=QUAD, shown_since=0, **known)


def recognition(*distances, rotation=0):
    matches = tuple(Match(card_id=f"a-{k}", distance=d, rotation=rotation) for k, d in enumerate(distances, 1))
    return Recognition(matches=matches, embedding=np.zeros(2, np.float32))


@pytest.mark.parametrize(
    ("before", "after", "topics"),
    [
        (Verdict(), Verdict(state=TrackState.STABILIZING), [Topic.UPDATED]),
        (Verdict(state=TrackState.STABILIZING), CONFIRMED, [Topic.CONFIRMED]),
        (CONFIRMED, CONFIRMED, [Topic.UPDATED]),
        (CONFIRMED, Verdict(state=TrackState.CONFIRMED, card_id="b-2"), [Topic.CONFIRMED]),
        (Verdict(), Verdict(state=TrackState.UNKNOWN_CARD), [Topic.UNKNOWN]),
        (Verdict(), Verdict(state=TrackState.NO_CARD), [Topic.LEFT]),
        (Verdict(state=TrackState.NO_CARD), Verdict(state=TrackState.NO_CARD), []),
        (Verdict(state=TrackState.NO_CARD), CONFIRMED, [Topic.APPEARED, Topic.CONFIRMED]),
        (Verdict(state=TrackState.NO_CARD), Verdict(state=TrackState.STABILIZING), [Topic.APPEARED]),
    ],
)
def test_what_an_answer_tells_subscribers(before, after, topics):
    assert topics_of(before, after) == topics


def test_a_message_says_what_is_known():
    card = tracked(verdict=CONFIRMED, recognition=recognition(0.1, 0.4), returned=2)
    message = card_message(card, envelope(Topic.CONFIRMED))
    assert (message.card_id, message.state, message.returned) == ("a-1", TrackState.CONFIRMED, 2)
    assert message.distance == 0.1
    assert message.margin == pytest.approx(0.3)
    assert [match.card_id for match in message.matches] == ["a-1", "a-2"]
    assert (message.sequence, message.degraded, message.track_id) == (0, ["slow"], 3)
    assert message.corners == [tuple(corner) for corner in QUAD]
    assert (message.frame_id, message.frame_width, message.frame_height) == (9, 800, 600)


def test_a_message_of_a_card_without_an_answer_invents_nothing():
    message = card_message(tracked(), envelope(Topic.APPEARED))
    assert (message.distance, message.margin, message.matches, message.card_id) == (None, None, [], None)


def test_a_single_match_has_no_margin():
    assert card_message(tracked(recognition=recognition(0.1)), envelope(Topic.UPDATED)).margin is None


def test_a_card_that_has_left_is_no_card_and_only_a_confirmed_one_returned():
    assert card_message(tracked(verdict=CONFIRMED), envelope(Topic.LEFT)).state is TrackState.NO_CARD
    assert card_message(tracked(returned=2), envelope(Topic.UPDATED)).returned is None


def test_corners_start_at_the_cards_own_top_left():
    card = tracked(recognition=recognition(0.1, rotation=180))
    assert np.array_equal(card.own_quad, QUAD[[2, 3, 0, 1]])
    assert np.array_equal(tracked().own_quad, QUAD)


def test_forgetting_says_whether_something_was_published():
    assert not tracked().forget_measurements()
    card = tracked(frames_to_decision=4)
    assert card.forget_measurements()
    assert card.frames_to_decision is None


def reading(worth):
    return Reading(worth=worth, card_id="a-1", frame_id=9, log_odds=2.0, needed=5.0)


@pytest.mark.parametrize(
    ("verdict", "demand"),
    [
        (Verdict(), Demand.SHARP),
        (Verdict(state=TrackState.STABILIZING, recent=(reading(Worth.WEAK),)), Demand.BEST),
        (Verdict(state=TrackState.STABILIZING, doubted_since=3), Demand.SHARP),
        (CONFIRMED, Demand.CHECK),
        (Verdict(state=TrackState.CONFIRMED, card_id="a-1", doubted_since=3), Demand.SHARP),
    ],
)
def test_what_is_asked_for_next(verdict, demand):
    crop = SimpleNamespace(frame=SimpleNamespace(frame_id=9), quad=QUAD, fingerprint=np.zeros(8, np.uint8))
    feedback = feedback_of(verdict, SimpleNamespace(crop=crop))
    assert (feedback.demand, feedback.frame_id) == (demand, 9)


def test_probabilities_stand_beside_distances_and_printings_beside_their_reason():
    belief = Belief(log_odds=3.0, needed=4.0, probabilities=(0.7, 0.25), none=0.05)
    printings = Printings(card_ids=("a-1", "a-2"), reason="the same picture")
    answer = replace(recognition(0.1, 0.11), belief=belief, printings=printings)
    message = card_message(tracked(recognition=answer), envelope(Topic.UPDATED))
    assert (message.probability, message.none_of_these) == (0.7, 0.05)
    assert [(match.distance, match.probability) for match in message.matches] == [(0.1, 0.7), (0.11, 0.25)]
    assert (message.printings, message.printings_reason) == (["a-1", "a-2"], "the same picture")


def test_without_a_calibration_no_probability_is_stated():
    message = card_message(tracked(recognition=recognition(0.1, 0.2)), envelope(Topic.UPDATED))
    assert (message.probability, message.none_of_these, message.matches[0].probability) == (None, None, None)
    assert message.printings == []
