import pytest

from edge.client.scanner import Scanner
from edge.wire.commands import StateReply
from edge.wire.envelope import Topic
from tests.wire_messages import bare_message, card_message, health_message

EVERYTHING = ("",)


def state(tracks=(), health=None, **sequences):
    numbers = {topic.replace("_", "."): number for topic, number in sequences.items()}
    return StateReply(device="bench", session="a", sequences=numbers, tracks=list(tracks), health=health)


@pytest.fixture
def scanner():
    return Scanner("bench", "a")


def recovered(scanner, **known):
    scanner.asked()
    scanner.recover(state(**known))
    return scanner


def test_each_topic_is_counted_by_itself(scanner):
    lost = [scanner.lost(message, EVERYTHING) for message in (bare_message(4), card_message(2), bare_message(5))]
    assert lost == [0, 0, 0]
    assert [scanner.lost(message, EVERYTHING) for message in (bare_message(8), card_message(4))] == [2, 1]


def test_a_message_that_is_known_is_known(scanner):
    assert scanner.lost(card_message(4), EVERYTHING) == 0
    assert scanner.lost(card_message(4), EVERYTHING) is None
    assert scanner.lost(card_message(3), EVERYTHING) is None


def test_health_tells_of_a_loss_after_which_nothing_came(scanner):
    recovered(scanner).lost(card_message(0), EVERYTHING)
    heartbeat = health_message(1, sequences={"card.confirmed": 2, "health": 1})
    assert scanner.lost(heartbeat, EVERYTHING) == 2
    assert scanner.wants_state
    assert scanner.lost(health_message(2, sequences={"card.confirmed": 2, "health": 2}), EVERYTHING) == 0


def test_topics_that_are_not_subscribed_to_are_not_missed(scanner):
    recovered(scanner).lost(health_message(1, sequences={"card.left": 7}), ("health",))
    assert not scanner.wants_state


def test_what_was_published_before_the_first_message_is_wanted_and_not_lost(scanner):
    recovered(scanner)
    assert scanner.lost(health_message(2, sequences={"card.left": 7}), EVERYTHING) == 0
    assert scanner.wants_state
    recovered(scanner, card_left=7)
    scanner.lost(health_message(3, sequences={"card.left": 7}), EVERYTHING)
    assert not scanner.wants_state


def test_who_is_in_view(scanner):
    for message in (bare_message(0, track_id=1), card_message(0, track_id=2), card_message(0, Topic.LEFT, track_id=1)):
        scanner.lost(message, EVERYTHING)
    assert list(scanner.tracks) == [2]


def test_the_state_and_what_came_meanwhile(scanner):
    """The reply is older than what came after it was made, and newer than what is still on its way."""
    scanner.asked()
    scanner.lost(card_message(6, Topic.LEFT, track_id=1), EVERYTHING)
    scanner.lost(bare_message(4, track_id=3), EVERYTHING)
    scanner.recover(state([card_message(2, track_id=1), card_message(3, track_id=2)], card_left=5, card_confirmed=3))
    assert list(scanner.tracks) == [2, 3]
    assert scanner.lost(card_message(3, track_id=2), EVERYTHING) == 0
    assert scanner.lost(card_message(5, Topic.LEFT, track_id=3), EVERYTHING) is None
    assert list(scanner.tracks) == [2, 3]


def test_an_answer_that_does_not_come_is_wanted_again(scanner):
    scanner.asked()
    assert not scanner.wants_state
    scanner.not_answered()
    assert scanner.wants_state


@pytest.fixture
def listener():
    """Who does not ask for the state."""
    return Scanner("bench", "a", asks=False)


def test_who_does_not_ask_is_told_the_last_confirmation_once(listener):
    assert listener.lost(health_message(1, sequences={"card.confirmed": 7}), EVERYTHING) == 0
    assert [listener.lost(card_message(6), EVERYTHING) for _ in range(2)] == [0, None]
    assert list(listener.tracks) == [4]
    assert [listener.lost(card_message(number), EVERYTHING) for number in (8, 7)] == [0, None]


def test_what_counted_as_lost_and_comes_after_all_is_not_lost(listener):
    listener.lost(card_message(4), EVERYTHING)
    assert listener.lost(health_message(1, sequences={"card.confirmed": 7}), EVERYTHING) == 3
    assert [listener.lost(card_message(7), EVERYTHING) for _ in range(2)] == [-1, None]


def test_an_older_answer_to_a_subscription_replaces_no_newer_one(listener):
    listener.lost(card_message(9, Topic.UPDATED, frame_timestamp_ns=20), EVERYTHING)
    assert listener.lost(card_message(3, frame_timestamp_ns=10), EVERYTHING) == 0
    assert listener.tracks[4].topic is Topic.UPDATED
