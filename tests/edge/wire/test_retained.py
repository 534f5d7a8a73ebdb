import json

from edge.wire.encoding import encode
from edge.wire.envelope import Topic
from edge.wire.messages import TrackState
from edge.wire.retained import Retained
from tests.wire_messages import bare_message, card_message, health_message

STABILIZING = {"state": TrackState.STABILIZING, "card_id": None, "card": None}


def retained(*messages):
    holds = Retained()
    for message in messages:
        holds.add(message, encode(message))
    return holds


def told(holds, subscription):
    parts = holds.matching(subscription)
    return None if parts is None else (parts[0].decode(), json.loads(parts[1])["sequence"])


def test_nothing_holds_before_anything_was_published():
    holds = retained()
    assert (holds.health(), holds.matching(b""), holds.state().tracks) == (None, None, [])


def test_the_state_is_the_newest_message_of_each_card_in_view():
    holds = retained(
        bare_message(0, track_id=1),
        bare_message(1, track_id=2),
        card_message(0, track_id=1),
        health_message(4),
        bare_message(0, Topic.LEFT, track_id=2, state=TrackState.NO_CARD),
        bare_message(2, track_id=3),
    )
    state = holds.state()
    assert [(message.track_id, message.topic, message.sequence) for message in state.tracks] == [
        (1, "card.confirmed", 0),
        (3, "card.appeared", 2),
    ]
    assert state.sequences == {"card.appeared": 2, "card.confirmed": 0, "card.left": 0, "health": 4}
    assert state.health == health_message(4)


def test_a_subscription_to_one_topic_is_told_its_newest_message_that_holds():
    holds = retained(card_message(0), card_message(9, Topic.UPDATED))
    assert told(holds, b"card.confirmed") == ("card.confirmed", 0)
    assert told(holds, b"card.") == ("card.updated", 9)
    assert told(holds, b"card.unknown") is None


def test_what_a_card_is_no_longer_is_not_told():
    assert told(retained(card_message(0), card_message(9, Topic.UPDATED, **STABILIZING)), b"card.confirmed") is None
    assert told(retained(card_message(0), card_message(0, Topic.LEFT)), b"card.confirmed") is None


def test_health_comes_first_where_a_subscription_matches_both():
    holds = retained(health_message(3), card_message(0))
    assert (told(holds, b""), told(holds, b"health")) == (("health", 3), ("health", 3))
    assert told(holds, b"healthy") is None
    assert told(holds, b"\xff") is None
