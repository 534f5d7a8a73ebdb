"""Tells Home Assistant which entities a scanner has (MQTT discovery, one retained message an entity)."""

import json
from collections.abc import Iterator
from typing import Any

from edge.mqtt.topics import Publication, plain, topic

# Entity -> which sort it is, and what is configured of it beside where it is told.
_ENTITIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "card": (
        "sensor",
        "card",
        # A state has at most 255 characters.
        {"name": "Last card", "icon": "mdi:cards", "value_template": "{{ value_json.name[:255] }}"},
    ),
    "cards_in_view": (
        "sensor",
        "health",
        {
            "name": "Cards in view",
            "icon": "mdi:cards-outline",
            "state_class": "measurement",
            "value_template": "{{ value_json.cards_in_view }}",
        },
    ),
    "frames_per_second": (
        "sensor",
        "health",
        {
            "name": "Frame rate",
            "icon": "mdi:camera-timer",
            "unit_of_measurement": "1/s",
            "state_class": "measurement",
            "entity_category": "diagnostic",
            "value_template": "{{ value_json.frames_per_second }}",
        },
    ),
    "problem": (
        "binary_sensor",
        "health",
        {
            "name": "Problem",
            "device_class": "problem",
            "entity_category": "diagnostic",
            "value_template": "{{ 'OFF' if value_json.status == 'ok' else 'ON' }}",
        },
    ),
}


def discovery(discovery_prefix: str, prefix: str, device: str, bridge: str) -> Iterator[Publication]:
    """The entities of a scanner.

    Args:
        discovery_prefix: where Home Assistant looks; `homeassistant` unless it was changed there.
        prefix: of the scanner's own topics.
        device: the scanner.
        bridge: topic that tells whether this program is connected.
    """
    known_as = f"card-scanner-{plain(device)}"
    for entity, (sort, leaf, configured) in _ENTITIES.items():
        where = topic(prefix, device, leaf)
        told = configured | {
            "unique_id": f"{known_as}-{entity}",
            "state_topic": where,
            "json_attributes_topic": where,
            "availability": [{"topic": bridge}, {"topic": topic(prefix, device, "available")}],
            "availability_mode": "all",
            "device": {"identifiers": [known_as], "name": f"Card scanner {device}", "model": "card-scanner"},
            "origin": {"name": "card-scanner"},
        }
        yield Publication(topic=f"{discovery_prefix}/{sort}/{known_as}/{entity}/config", payload=json.dumps(told))
