import json

import jsonschema
import pytest

from edge.wire.commands import COMMANDS
from edge.wire.envelope import Topic
from edge.wire.messages import MatchMessage
from edge.wire.photo_result import CardResult, CardStatus, PhotoResult
from edge.wire.schema import NAMES, SCHEMAS, schema_text, shipped_schema
from tests.wire_messages import bare_message, card_message, health_message

CORNERS = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.4), (0.0, 1.4)]


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_schemas_are_those_of_the_models(name):
    assert shipped_schema(name) == schema_text(name), "run 'python -m edge.wire.schema'"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(json.loads(shipped_schema(name)))


def test_a_photo_result_is_valid_and_a_wrong_one_is_not():
    card = CardResult(
        corners=CORNERS,
        status=CardStatus.UNKNOWN,
        card_id=None,
        distance=0.6,
        probability=0.1,
        none_of_these=0.8,
        printings=[],
        printings_reason=None,
        matches=[MatchMessage(card_id="a-1", distance=0.6)],
        centering=None,
    )
    result = json.loads(PhotoResult(image="a.jpg", width=3, height=4, calibrated=True, cards=[card]).model_dump_json())
    validator = jsonschema.Draft202012Validator(json.loads(shipped_schema("photo")))
    validator.validate(result)
    for key in result:
        assert not validator.is_valid({k: v for k, v in result.items() if k != key})
    assert not validator.is_valid(result | {"cards": [result["cards"][0] | {"status": "sure"}]})


def test_a_card_message_is_valid():
    validator = jsonschema.Draft202012Validator(json.loads(shipped_schema("card")))
    sent = json.loads(bare_message().model_dump_json())
    assert validator.is_valid(sent)
    assert validator.is_valid(sent | {"weather": "sunny"}), "a newer scanner may say more"
    assert not validator.is_valid(sent | {"state": "sleeping"})


def references(part):
    if isinstance(part, dict):
        yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_the_asyncapi_document_has_every_topic_and_command_and_all_that_it_refers_to():
    document = json.loads(shipped_schema("asyncapi"))
    assert set(document["channels"]) == {*Topic, "control"}
    assert set(document["operations"]) == {*COMMANDS, *(f"publish.{topic}" for topic in Topic)}
    for reference in references(document):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize("message", [bare_message(), card_message(), health_message()])
def test_the_asyncapi_document_describes_what_is_published(message):
    document = json.loads(shipped_schema("asyncapi"))
    payload = document["channels"][message.topic]["messages"][message.topic]["payload"]
    sent = json.loads(message.model_dump_json())
    validator = jsonschema.Draft202012Validator(payload | {"components": document["components"]})
    validator.validate(sent)
    assert not validator.is_valid(sent | {"sequence": -1})
