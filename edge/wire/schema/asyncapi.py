"""The whole protocol as an AsyncAPI 3.0 document: topics, commands, and their schemas, made from the models."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from edge.settings.sections import PublishSettings
from edge.wire.commands import COMMANDS, ErrorReply
from edge.wire.encoding import MODELS
from edge.wire.envelope import PROTOCOL_VERSION

_REFERENCE = "#/components/schemas/{model}"
_DESCRIPTION = (
    "What a card scanner publishes (ZeroMQ XPUB; two parts, topic and JSON) and which commands it takes (ROUTER, "
    "one JSON object each way; connect a REQ socket). docs/protocol.md says what the fields mean."
)
_FOR_VERSION_1 = (
    " For subscribers of protocol 1: sequence now counts each topic of each session by itself, where it counted all "
    "messages together."
)


def asyncapi() -> dict[str, Any]:
    """The document, as JSON holds it."""
    settings = PublishSettings()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "card-scanner",
            "version": f"{PROTOCOL_VERSION}.0.0",
            "description": _DESCRIPTION + _FOR_VERSION_1,
        },
        "defaultContentType": "application/json",
        "servers": {
            "results": _server(settings.endpoint, "XPUB: connect a SUB socket"),
            "control": _server(settings.control, "ROUTER: connect a REQ socket"),
        },
        "channels": {topic.value: _topic(topic.value, model) for topic, model in MODELS.items()}
        | {"control": _control()},
        "operations": {f"publish.{topic.value}": _published(topic.value) for topic in MODELS}
        | {name: _command(name) for name in COMMANDS},
        "components": {"schemas": _schemas()},
    }


def _server(endpoint: str, description: str) -> dict[str, Any]:
    protocol, _, host = endpoint.partition("://")
    return {"host": host, "protocol": f"zmtp+{protocol}", "description": description}


def _topic(topic: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "address": topic,
        "description": "The first part of the message; the second is its payload.",
        "servers": [{"$ref": "#/servers/results"}],
        "messages": {topic: {"payload": _schema(model)}},
    }


def _control() -> dict[str, Any]:
    messages: dict[str, Any] = {"error": {"payload": _schema(ErrorReply)}}
    for name, form in COMMANDS.items():
        named = {"type": "object", "required": ["command"], "properties": {"command": {"const": name}}}
        messages[f"{name}.request"] = {"payload": {"allOf": [named, _schema(form.request)]}}
        messages[f"{name}.reply"] = {"payload": _schema(form.reply)}
    return {"address": None, "servers": [{"$ref": "#/servers/control"}], "messages": messages}


def _published(topic: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/{topic}"}],
    }


def _command(name: str) -> dict[str, Any]:
    channel = {"$ref": "#/channels/control"}
    replies = [{"$ref": f"#/channels/control/messages/{each}"} for each in (f"{name}.reply", "error")]
    return {
        "action": "receive",
        "channel": channel,
        "messages": [{"$ref": f"#/channels/control/messages/{name}.request"}],
        "reply": {"channel": channel, "messages": replies},
    }


def _schema(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _schemas() -> dict[str, Any]:
    models: dict[type[BaseModel], None] = dict.fromkeys(MODELS.values())
    models |= dict.fromkeys(each for form in COMMANDS.values() for each in (form.request, form.reply))
    models[ErrorReply] = None
    _, schema = models_json_schema([(model, "serialization") for model in models], ref_template=_REFERENCE)
    defined: dict[str, Any] = schema["$defs"]
    return defined
