import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge.mqtt.discovery import discovery
from edge.mqtt.topics import publications
from edge.settings.sections import MqttSettings
from edge.wire.envelope import Topic
from tests.wire_messages import bare_message, card_message, health_message

# MQTT 5.0, 4.7.1: levels without wildcards.
TOPIC = re.compile(r"[^+#\0/]+(/[^+#\0/]+)*")


@given(st.text(min_size=1, max_size=64))
def test_whatever_a_scanner_is_called_its_topics_are_topics(device):
    told = [
        *publications("card-scanner", health_message(device=device)),
        *publications("card-scanner", card_message(device=device)),
        *discovery("homeassistant", "card-scanner", device, "card-scanner/bridge/available"),
    ]
    assert len(told) == 7
    assert all(TOPIC.fullmatch(each.topic) for each in told)
    assert all(json.loads(each.payload) for each in told)


def test_only_what_is_confirmed_is_told_of_cards():
    for message in (bare_message(), card_message(topic=Topic.LEFT), card_message(topic=Topic.UPDATED)):
        assert publications("card-scanner", message) == []
    card, whole = publications("a/b", card_message(card=None, returned=3))
    assert card.topic == "a/b/bench/card"
    assert json.loads(card.payload)["name"] == "ab-7"
    assert json.loads(card.payload)["returned"] is True
    assert json.loads(whole.payload)["returned"] == 3


def test_every_entity_has_an_id_of_its_own_and_reads_what_is_told():
    told = {
        each.topic: set(json.loads(each.payload))
        for message in (health_message(), card_message())
        for each in publications("card-scanner", message)
        if each.retain
    }
    entities = [json.loads(each.payload) for each in discovery("homeassistant", "card-scanner", "bench", "b")]
    assert len({each["unique_id"] for each in entities}) == len(entities) == 4
    for each in entities:
        field = re.search(r"value_json\.(\w+)", each["value_template"]).group(1)
        assert field in told[each["state_topic"]]


@pytest.mark.parametrize("prefix", ["", "a//b", "/a", "a/", "a/+", "#", "a b", "a\0"])
def test_a_prefix_that_is_none_is_refused(prefix):
    with pytest.raises(ValidationError):
        MqttSettings(prefix=prefix)
