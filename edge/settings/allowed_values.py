"""What a setting may be, in words, from its pydantic model."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

_TYPES = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "unset"}
_BOUNDS = {
    "exclusiveMinimum": "above",
    "minimum": "at least",
    "exclusiveMaximum": "below",
    "maximum": "at most",
    "multipleOf": "a multiple of",
}


def allowed_values(section: type[BaseModel], key: str) -> str:
    """What the key of a section may be, such as `number above 0, at most 240`."""
    return _in_words(section.model_json_schema()["properties"][key])


def what_is_allowed(settings: type[BaseModel], location: Sequence[int | str]) -> str:
    """What may stand at a place in the settings.

    Args:
        settings: the model of all sections.
        location: of what is wrong: a section, and a key in it.

    Returns:
        The names that there are, where there is no such section or key; else the key's allowed values. Empty where the
        place is none of these.
    """
    sections = settings.model_fields
    if not location:
        return ""
    if location[0] not in sections:
        return f"the sections are {', '.join(sections)}"
    section = sections[str(location[0])].annotation
    if len(location) < 2 or not (isinstance(section, type) and issubclass(section, BaseModel)):
        return ""
    if location[1] not in section.model_fields:
        return f"the keys of [{location[0]}] are {', '.join(section.model_fields)}"
    return f"allowed: {allowed_values(section, str(location[1]))}"


def _in_words(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_in_words(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_in_words(schema['items'])}"
    if schema.get("format") == "path":
        return "path"
    bounds = [f"{words} {schema[bound]:g}" for bound, words in _BOUNDS.items() if bound in schema]
    return " ".join([_TYPES[schema["type"]], ", ".join(bounds)]).rstrip()
