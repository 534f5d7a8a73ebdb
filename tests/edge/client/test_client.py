"""Clients against the daemon's own sockets, which a thread serves as the daemon does."""

import asyncio
import time

import pytest

from edge.client import AsyncClient, Client, Received, Recovered, Restarted, Silent, link
from edge.client.link import subscriptions
from edge.errors import ConfigurationError
from edge.wire.envelope import Topic
from tests.edge.client.serving import Scanner
from tests.wire_messages import bare_message, card_message

WAIT_S = 10


@pytest.fixture
def scanner():
    scanner = Scanner()
    yield scanner
    scanner.close()


def events_until(client, wanted):
    """All events up to the one that is wanted."""
    events, end_s = [], time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        event = client.receive(0.5)
        if event is not None:
            events.append(event)
            if wanted(event):
                return events
    raise AssertionError(f"waited in vain after {events}")


def topics_of(events):
    return [event.message.topic for event in events if isinstance(event, Received)]


def of_topic(topic):
    return lambda event: isinstance(event, Received) and event.message.topic is topic


def is_a(kind):
    return lambda event: isinstance(event, kind)


def test_who_comes_late_knows_what_is_in_view(scanner):
    scanner.publish(card_message(track_id=1))
    scanner.publish(card_message(track_id=2))
    scanner.publish(card_message(topic=Topic.LEFT, track_id=1))
    with Client(scanner.endpoint, control=scanner.control) as client:
        events_until(client, is_a(Recovered))
        assert [message.track_id for message in client.tracks] == [2]
        assert client.health.status == "ok"
        scanner.publish(bare_message(track_id=3))
        events = events_until(client, of_topic(Topic.APPEARED))
        assert [message.track_id for message in client.tracks] == [2, 3]
        assert (client.lost, events[-1].lost) == (0, 0)


@pytest.mark.parametrize("topics", [[""], ["card.confirmed"], ["health", "card.confirmed"]])
def test_who_comes_late_without_control_is_told_the_last_confirmation_once(scanner, topics):
    scanner.publish(card_message(track_id=1))
    scanner.publish(card_message(topic=Topic.UPDATED, track_id=1))
    scanner.health()
    with Client(scanner.endpoint, topics=topics) as client:
        told = events_until(client, of_topic(Topic.CONFIRMED))
        (subscription,) = client._link.sockets  # noqa: SLF001 (its connection ends)
        subscription.disconnect(scanner.endpoint)
        subscription.connect(scanner.endpoint)
        time.sleep(0.3)
        scanner.publish(card_message(track_id=2))
        told += events_until(client, lambda event: of_topic(Topic.CONFIRMED)(event) and event.message.track_id == 2)
        confirmed = [event.message for event in told if of_topic(Topic.CONFIRMED)(event)]
        assert [(message.track_id, message.sequence) for message in confirmed] == [(1, 0), (2, 1)]
        assert client.lost == 0


def test_a_gap_is_told_and_the_state_asked_for(scanner):
    with Client(scanner.endpoint, control=scanner.control) as client:
        events_until(client, is_a(Recovered))
        scanner.publish(card_message(track_id=1))
        events_until(client, of_topic(Topic.CONFIRMED))
        scanner.publish(card_message(track_id=2), lost=True)
        scanner.publish(card_message(track_id=3))
        assert events_until(client, of_topic(Topic.CONFIRMED))[-1].lost == 1
        (recovered,) = [event for event in events_until(client, is_a(Recovered)) if isinstance(event, Recovered)]
        assert [message.track_id for message in recovered.tracks] == [1, 3]
        scanner.publish(card_message(topic=Topic.LEFT, track_id=3), lost=True)
        scanner.health()
        assert events_until(client, of_topic(Topic.HEALTH))[-1].lost == 0
        assert client.lost == 1


def test_a_restart_is_told_and_what_was_in_view_forgotten(scanner):
    with Client(scanner.endpoint, control=scanner.control) as client:
        scanner.publish(card_message(track_id=1))
        events_until(client, is_a(Recovered))
        scanner.close()
        again = Scanner(scanner.endpoint, scanner.control)
        try:
            events = events_until(client, is_a(Restarted))
            assert events[-1].session == again.session.session
            events_until(client, is_a(Recovered))
            assert client.tracks == []
            assert client.lost == 0
        finally:
            again.close()


def test_filters(scanner):
    with Client(scanner.endpoint, topics=["card.confirmed"], where=lambda message: message.probability > 0.9) as client:
        time.sleep(0.3)
        scanner.publish(bare_message())
        scanner.health()
        scanner.publish(card_message(probability=0.6))
        scanner.publish(card_message(probability=0.95))
        (event,) = events_until(client, is_a(Received))
        assert (event.message.topic, event.message.probability) == (Topic.CONFIRMED, 0.95)
        assert len(client.tracks) == 2


def test_a_loss_that_another_message_shows_is_told_with_the_next_that_is_told(scanner):
    with Client(scanner.endpoint, topics=["card.confirmed"]) as client:
        scanner.publish(card_message(track_id=1))
        events_until(client, of_topic(Topic.CONFIRMED))
        scanner.publish(card_message(track_id=2), lost=True)
        scanner.health()
        scanner.publish(card_message(track_id=3))
        (event,) = events_until(client, is_a(Received))
        assert (event.message.track_id, event.lost, client.lost) == (3, 1, 1)


@pytest.mark.parametrize(
    ("topics", "subscribed"),
    [
        ([""], ("",)),
        (["card.confirmed"], ("health", "card.")),
        (["car"], ("health", "card.")),
        (["health"], ("health",)),
        (["card.left", ""], ("",)),
    ],
)
def test_what_is_subscribed_to(topics, subscribed):
    assert subscriptions(topics) == subscribed


def test_silence_is_told_once(scanner, monkeypatch):
    monkeypatch.setattr(link, "_HEALTH_INTERVAL_S", 0.1)
    with Client("tcp://127.0.0.1:9") as client:
        assert isinstance(client.receive(2), Silent)
        assert client.receive(0.5) is None


def test_no_answer_to_state_keeps_nothing_waiting(scanner):
    with Client(scanner.endpoint, control="tcp://127.0.0.1:9") as client:
        events_until(client, of_topic(Topic.HEALTH))
        scanner.publish(card_message())
        assert topics_of(events_until(client, of_topic(Topic.CONFIRMED))) == ["card.confirmed"]


def test_an_endpoint_that_is_none():
    with pytest.raises(ConfigurationError, match="cannot connect to '5557'"):
        Client("tcp://127.0.0.1:9", control="5557")


def test_the_same_for_asyncio(scanner):
    async def follow():
        confirmed = []
        async with AsyncClient(scanner.endpoint, control=scanner.control) as client:
            async for event in client:
                if isinstance(event, Recovered):
                    scanner.publish(card_message(track_id=5))
                if isinstance(event, Received) and event.message.topic is Topic.CONFIRMED:
                    confirmed.append(event.message.track_id)
                    break
            return confirmed, [message.track_id for message in client.tracks]

    scanner.publish(card_message(track_id=4))
    assert asyncio.run(asyncio.wait_for(follow(), WAIT_S)) == ([5], [4, 5])
