"""What earlier versions of the protocol wrote and read, against what is written and read today.

`recorded/N` holds what version N's scanner published, its schemas, and the clients of its documentation.
"""

import json
from pathlib import Path

import jsonschema
import pytest

from edge.errors import ProtocolError
from edge.wire.encoding import decode, encode
from tests.wire_messages import bare_message, card_message, health_message

RECORDED = Path(__file__).parent / "recorded"


def recorded(version: int) -> list[list[bytes]]:
    lines = (RECORDED / str(version) / "messages.jsonl").read_bytes().splitlines()
    return [[json.loads(line)["topic"].encode(), line] for line in lines]


def schema(version: int, name: str) -> dict:
    return json.loads((RECORDED / str(version) / f"{name}.json").read_text(encoding="utf-8"))


def schema_of_version_1(name: str) -> dict:
    """Version 1 asked its readers to ignore fields that they do not know, and its schemas did not."""
    text = (RECORDED / "1" / f"{name}.json").read_text(encoding="utf-8")
    former = json.loads(text.replace('"additionalProperties": false', '"additionalProperties": true'))
    former["properties"]["protocol"] = {"const": 2}
    return former


def among(said, read):
    """Of what was read, the fields that were said, also of objects within."""
    if isinstance(said, dict) and isinstance(read, dict):
        return {key: among(said[key], read[key]) for key in said}
    return read


TODAY = [("card", bare_message()), ("card", card_message()), ("health", health_message())]


@pytest.mark.parametrize(("name", "message"), TODAY)
def test_every_field_of_version_1_is_there_with_its_type(name, message):
    jsonschema.Draft202012Validator(schema_of_version_1(name)).validate(json.loads(encode(message)[1]))


def test_messages_of_version_1_are_refused_in_a_sentence():
    former = recorded(1)
    assert {parts[0] for parts in former} >= {b"card.confirmed", b"card.left", b"health"}
    for parts in former:
        with pytest.raises(ProtocolError, match="the scanner speaks protocol 1 and this program protocol 2"):
            decode(parts)


@pytest.mark.parametrize(("name", "message"), TODAY)
def test_readers_of_version_2_read_what_is_written_today(name, message):
    jsonschema.Draft202012Validator(schema(2, name)).validate(json.loads(encode(message)[1]))


def test_messages_of_version_2_are_read_today():
    """They may lack what was added since, and nothing that they say is lost."""
    former = recorded(2)
    assert {parts[0] for parts in former} >= {b"card.confirmed", b"card.left", b"health"}
    for parts in former:
        message = decode(parts)
        assert message is not None
        said, read = json.loads(parts[1]), json.loads(message.model_dump_json())
        assert among(said, read) == said
