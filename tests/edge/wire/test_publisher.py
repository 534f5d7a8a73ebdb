import json
import socket

import pytest
import zmq

from edge.errors import PublishError
from edge.settings.settings import PublishSettings
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage
from edge.wire.publisher import Publisher
from tests.wire_messages import bare_message


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


def subscribe(context, publisher, topic: str) -> zmq.Socket:
    subscriber = context.socket(zmq.SUB)
    subscriber.setsockopt(zmq.SUBSCRIBE, topic.encode())
    subscriber.connect(f"tcp://127.0.0.1:{publisher.peers.port}")
    while not subscriber.poll(20):  # a subscription takes a moment
        publisher.send(bare_message(0, Topic(topic)))
    while subscriber.poll(20):
        subscriber.recv_multipart()
    return subscriber


def test_a_subscriber_receives_topic_and_json(context, publisher):
    subscriber = subscribe(context, publisher, "card.left")
    publisher.send(bare_message(4))
    publisher.send(bare_message(5, Topic.LEFT))
    topic, body = subscriber.recv_multipart()
    subscriber.close(linger=0)
    assert topic == b"card.left"
    assert json.loads(body)["sequence"] == 5
    assert CardMessage.model_validate_json(body) == bare_message(5, Topic.LEFT)


def test_a_stuck_subscriber_never_blocks_the_publisher(context, publisher):
    subscriber = subscribe(context, publisher, "card.left")
    for number in range(20_000):
        publisher.send(bare_message(number, Topic.LEFT))
    subscriber.close(linger=0)
    assert publisher.failed == 0


def test_failures_are_counted(publisher):
    publisher.close()
    publisher.send(bare_message())
    assert (publisher.failed, publisher.sent) == (1, 0)


def test_a_port_in_use_is_said_in_one_sentence(context, publisher):
    endpoint = f"tcp://127.0.0.1:{publisher.peers.port}"
    with pytest.raises(PublishError, match=rf"publish.endpoint: {endpoint} is in use"):
        Publisher(context, PublishSettings(endpoint=endpoint))


@pytest.mark.parametrize("endpoint", ["tcp://no.such.host.invalid:1", "ipc:///no/such/folder/socket"])
def test_an_invalid_endpoint_is_said_in_one_sentence(context, endpoint):
    with pytest.raises(PublishError, match="cannot be bound"):
        Publisher(context, PublishSettings(endpoint=endpoint))


def test_only_what_was_sent_counts_as_sent(publisher):
    assert publisher.send(bare_message())
    publisher.close()
    assert not publisher.send(bare_message(1))
    assert (publisher.sent, publisher.failed) == (1, 1)
