import json
import socket
import time

import pytest
import zmq

from edge.errors import PublishError
from edge.settings.sections import PublishSettings
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage
from edge.wire.publisher import Publisher
from tests.edge.raw_peer import frame, raw_peer
from tests.wire_messages import bare_message, card_message, health_message


def free_endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context
        context.destroy(linger=0)


@pytest.fixture
def publisher(context):
    publisher = Publisher(context, PublishSettings(endpoint=free_endpoint(), send_high_water_mark=10))
    yield publisher
    publisher.close()


@pytest.fixture
def subscriber_to(context, publisher):
    """Makes subscribers whose wishes were taken in."""
    subscribers = []

    def connected(*topics: str) -> zmq.Socket:
        subscriber = context.socket(zmq.SUB)
        subscribers.append(subscriber)
        subscriber.linger = 0
        subscriber.connect(f"tcp://127.0.0.1:{publisher.peers.port}")
        for topic in topics:
            subscriber.subscribe(topic.encode())
        welcome_for(publisher, 0.3)
        return subscriber

    yield connected
    for subscriber in subscribers:
        subscriber.close()


def welcome_for(publisher, duration_s: float) -> None:
    """Take in subscriptions as the output thread does."""
    deadline = time.monotonic() + duration_s
    while time.monotonic() < deadline:
        publisher.welcome()
        time.sleep(0.01)


def received(subscriber) -> list[tuple[str, int]]:
    """Topic and sequence of all that comes."""
    messages = []
    while subscriber.poll(100):
        topic, body = subscriber.recv_multipart()
        messages.append((topic.decode(), json.loads(body)["sequence"]))
    return messages


@pytest.fixture
def well(publisher):
    """A publisher that has said how it is."""
    publisher.send(health_message(7))
    return publisher


def test_a_subscriber_receives_topic_and_json(subscriber_to, well):
    subscriber = subscriber_to("card.left")
    well.send(bare_message(4))
    well.send(bare_message(5, Topic.LEFT))
    assert subscriber.poll(2000)
    topic, body = subscriber.recv_multipart()
    assert topic == b"card.left"
    assert CardMessage.model_validate_json(body) == bare_message(5, Topic.LEFT)


def test_who_subscribes_before_the_first_message_misses_none(subscriber_to, publisher):
    subscriber = subscriber_to("")
    publisher.send(health_message(0))
    publisher.welcome()
    publisher.send(bare_message(0))
    assert received(subscriber) == [("health", 0), ("card.appeared", 0)]


@pytest.mark.parametrize(
    ("topics", "told"),
    [
        ([""], [("health", 7)]),
        (["health"], [("health", 7)]),
        (["card."], [("card.confirmed", 3)]),
        (["card.confirmed"], [("card.confirmed", 3)]),
        (["card.left"], []),
        (["weather"], []),
        (["card.", "health"], [("card.confirmed", 3), ("health", 7)]),
    ],
)
def test_who_comes_late_is_told_the_newest_and_nobody_else_is(subscriber_to, well, topics, told):
    early = subscriber_to("")
    well.send(bare_message(1))
    well.send(card_message(3))
    assert received(early) == [("health", 7), ("card.appeared", 1), ("card.confirmed", 3)]
    late = subscriber_to(*topics)
    assert received(late) == told
    assert received(early) == []
    well.send(card_message(4))
    assert received(early) == [("card.confirmed", 4)]
    assert received(late) == ([("card.confirmed", 4)] if topics[0] in ("", "card.", "card.confirmed") else [])


def test_who_subscribes_no_longer_is_told_no_longer(subscriber_to, well):
    subscriber = subscriber_to("card.", "health")
    subscriber.unsubscribe(b"card.")
    time.sleep(0.1)
    well.welcome()
    received(subscriber)
    well.send(bare_message(1))
    well.send(health_message(8))
    assert received(subscriber) == [("health", 8)]


def test_a_peer_that_sends_no_subscription_costs_nobody_theirs(context, well):
    """libzmq then takes one peer's subscription for another's; whoever asked meanwhile connects and asks again."""
    with raw_peer(well.peers.port, b"SUB") as peer:
        peer.sendall(frame(b"hello") + frame(b"hello"))
        late = [context.socket(zmq.SUB) for _ in range(4)]
        for subscriber in late:
            subscriber.connect(f"tcp://127.0.0.1:{well.peers.port}")
            subscriber.subscribe(b"card.")
        time.sleep(0.3)
        for _ in range(20):
            welcome_for(well, 0.02)
            assert not any(subscriber.poll(10) for subscriber in late)
    well.send(bare_message(9))
    assert [received(subscriber) for subscriber in late] == 4 * [[("card.appeared", 9)]]
    for subscriber in late:
        subscriber.close(linger=0)


def test_a_stuck_subscriber_never_blocks_the_publisher(subscriber_to, well):
    subscriber_to("card.left")
    for number in range(20_000):
        well.send(bare_message(number, Topic.LEFT))
    assert well.failed == 0


def test_failures_are_counted(publisher):
    publisher.close()
    publisher.send(bare_message())
    assert (publisher.failed, publisher.sent) == (1, 0)


def test_a_port_in_use_is_said_in_one_sentence(context, publisher):
    endpoint = f"tcp://127.0.0.1:{publisher.peers.port}"
    with pytest.raises(PublishError, match=rf"publish.endpoint: {endpoint} is in use"):
        Publisher(context, PublishSettings(endpoint=endpoint))


@pytest.mark.parametrize("endpoint", ["tcp://[::1]:1", "ipc:///no/such/folder/socket"])
def test_an_invalid_endpoint_is_said_in_one_sentence(context, endpoint):
    with pytest.raises(PublishError, match="cannot be bound"):
        Publisher(context, PublishSettings(endpoint=endpoint))


def test_only_what_was_sent_counts_as_sent(publisher):
    assert publisher.send(bare_message())
    publisher.close()
    assert not publisher.send(bare_message(1))
    assert (publisher.sent, publisher.failed) == (1, 1)
