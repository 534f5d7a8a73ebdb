"""JSON Schemas of everything that other programs read, and the protocol as an AsyncAPI document, `asyncapi.json`.

`python -m edge.wire.schema` writes them anew from the models.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from edge.wire.measured_photo import MeasuredPhoto
from edge.wire.messages import CardMessage, HealthMessage
from edge.wire.photo_result import PhotoResult
from edge.wire.schema.asyncapi import asyncapi

SCHEMAS: Mapping[str, type[BaseModel]] = {
    "card": CardMessage,
    "health": HealthMessage,
    "photo": PhotoResult,
    "measured_photo": MeasuredPhoto,
}
ASYNCAPI = "asyncapi"
NAMES = (*SCHEMAS, ASYNCAPI)


def schema_text(name: str) -> str:
    """The JSON Schema (draft 2020-12) of the model of that name, or the AsyncAPI document, as it is shipped."""
    if name == ASYNCAPI:
        return json.dumps(_open(asyncapi()), indent=1) + "\n"
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= _open(SCHEMAS[name].model_json_schema(mode="serialization"))
    return json.dumps(schema, indent=1) + "\n"


def _open(schema: Any) -> Any:  # noqa: ANN401 (any JSON)
    """The same schema for readers: a newer scanner may send fields that this one does not."""
    if isinstance(schema, list):
        return [_open(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _open(value) for key, value in schema.items() if (key, value) != ("additionalProperties", False)}


def shipped_schema(name: str) -> str:
    """The schema file of the package."""
    return (files(__package__) / f"{name}.json").read_text(encoding="utf-8")


def write_schemas(folder: Path) -> None:
    """Write every schema below `folder`."""
    for name in NAMES:
        (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8")
