"""Whatever comes on the control socket is answered, and by a sentence that was meant."""

import json
import random

import pytest

from edge.wire.control import respond
from tests.edge.conftest import tiny_database  # noqa: F401 (a fixture)
from tests.edge.service.test_administration import administration, parts, settings  # noqa: F401 (fixtures)
from tests.fuzz.mutation import damaged, damaged_json

pytestmark = pytest.mark.timeout(1200)

REQUESTS = [
    {"command": "status"},
    {"command": "pause"},
    {"command": "resume"},
    {"command": "snapshot", "path": "frame.png"},
    {"command": "snapshot", "format": "jpg"},
    {"command": "reload"},
    {"command": "reload", "settings": {"selection": {"sharpness": 50.0}, "smoothing": {"confirm_after": 2}}},
    {"command": "reload", "settings": {"recognition": {"database": "database", "model": "m.onnx", "matches": 3}}},
    {"command": "reload", "settings": {"centering": {"calibration": "camera.json"}, "tracking": {"hold_s": 1}}},
    {"command": "reload", "settings": {"publish": {"endpoint": "tcp://127.0.0.1:1"}, "snapshot": {"folder": "a"}}},
]


def test_control_messages(administration, tmp_path, monkeypatch, rounds):  # noqa: F811
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    commands = administration.commands()

    def one_round(chance: random.Random) -> None:
        request = json.dumps(chance.choice(REQUESTS)).encode()
        request = chance.choice((damaged, damaged_json))(request, chance)
        reply = json.loads(respond(request, commands))
        assert reply["ok"] is True or "the command failed" not in reply["error"], (request, reply)

    rounds(one_round)
