import json

import pytest
from pydantic import ValidationError

from edge.errors import ProtocolError
from edge.wire.encoding import MODELS, decode, encode
from edge.wire.envelope import Topic
from tests.wire_messages import bare_message, card_message, health_message


@pytest.mark.parametrize("message", [bare_message(3), card_message(4), health_message(5)])
def test_what_is_encoded_is_decoded(message):
    assert decode(encode(message)) == message


def test_every_topic_has_its_model():
    assert set(MODELS) == set(Topic)


@pytest.mark.parametrize("message", [card_message(), health_message()])
def test_the_reader_passes_over_what_it_does_not_know_and_the_writer_writes_nothing_else(message):
    topic, body = encode(message)
    newer = json.loads(body) | {"weather": "sunny"}
    if message.topic is Topic.CONFIRMED:
        newer["matches"][0]["artist"] = "somebody"
    assert decode([topic, json.dumps(newer).encode()]) == message
    with pytest.raises(ValidationError, match="weather"):
        type(message)(**dict(message), weather="sunny")


def test_an_unknown_topic_is_no_message():
    assert decode([b"weather", b"sunny"]) is None
    assert decode([b"\xff", b""]) is None


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([b"health"], "two parts"),
        ([b"health", b"{}", b"{}"], "two parts"),
        ([b"health", b""], "not JSON"),
        ([b"health", b"\xff"], "not JSON"),
        ([b"health", b"[" * 100_000], "not JSON"),
        ([b"health", b"[]"], "not as protocol 2 says"),
        ([b"card.left", b"{}"], "not as protocol 2 says: .*: Field required"),
        ([b"health", b'{"protocol": 3}'], "the scanner speaks protocol 3 and this program protocol 2"),
    ],
)
def test_what_is_no_message_is_said_in_a_sentence(parts, sentence):
    with pytest.raises(ProtocolError, match=sentence):
        decode(parts)
