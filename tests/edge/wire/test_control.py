import builtins
import json
import logging

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DatabaseError
from edge.wire.control import ControlSocket, Request, respond


class Volume(Request):
    level: int


def set_volume(fields):
    return {"level": Volume.model_validate(fields).level}


def fail(fields):
    raise DatabaseError("the database is damaged; copy it again")


def crash(fields):
    raise getattr(builtins, fields["kind"])(*fields["arguments"])


def give_what_is_not_json(fields):
    return {"reply": object()}


COMMANDS = {"volume": set_volume, "fail": fail, "crash": crash, "odd": give_what_is_not_json}


def reply_to(request) -> dict:
    return json.loads(respond(request if isinstance(request, bytes) else json.dumps(request).encode(), COMMANDS))


def test_a_command_is_carried_out():
    assert reply_to({"command": "volume", "level": 7}) == {"ok": True, "level": 7}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"command": "dance"}, "NAME one of crash, fail, odd, volume"),
        ({"command": ["volume"]}, "NAME one of"),
        ({}, "NAME one of"),
        ([], "NAME one of"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ({"command": "volume"}, "level: Field required"),
        ({"command": "volume", "level": "loud"}, "level: "),
        ({"command": "volume", "level": 1, "bass": 2}, "bass: "),
        ({"command": "fail"}, "the database is damaged; copy it again"),
    ],
)
def test_a_bad_request_is_answered_with_a_sentence(request_, error):
    reply = reply_to(request_)
    assert reply["ok"] is False
    assert error in reply["error"]


@given(
    st.binary(max_size=40)
    | st.from_type(dict).map(lambda d: json.dumps({str(k): str(v) for k, v in d.items()}).encode())
)
def test_whatever_comes_is_answered(request_):
    assert reply_to(request_)["ok"] is False


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        ("RuntimeError", ["a bug"], "the command failed (a bug); the scanner's log says more"),
        ("ValueError", ["embedded null byte"], "the command failed (embedded null byte)"),
        ("OSError", [36, "File name too long"], "the command failed ([Errno 36] File name too long)"),
        ("MemoryError", [], "the command failed (MemoryError)"),
        ("RecursionError", ["maximum depth"], "the command failed (maximum depth)"),
    ],
)
def test_any_failure_is_answered_with_a_sentence_and_logged_with_its_traceback(kind, arguments, sentence, caplog):
    with caplog.at_level(logging.ERROR, logger="edge.wire.control"):
        reply = reply_to({"command": "crash", "kind": kind, "arguments": arguments})
    assert reply["ok"] is False
    assert sentence in reply["error"]
    assert "in crash" in caplog.text


def test_a_reply_that_cannot_be_sent_is_a_failure_too():
    assert "not JSON serializable" in reply_to({"command": "odd"})["error"]


def test_a_client_is_answered_and_so_is_the_next_one_after_a_crash():
    with zmq.Context() as context:
        control = ControlSocket(context, "inproc://control", COMMANDS)
        client = context.socket(zmq.REQ)
        client.connect("inproc://control")
        for request in ({"command": "crash", "kind": "RuntimeError", "arguments": []}, {"command": "volume"}):
            client.send_json(request)
            assert control.step()
            assert client.recv_json()["ok"] is False
        client.send_json({"command": "volume", "level": 1})
        assert control.step()
        assert client.recv_json() == {"ok": True, "level": 1}
        client.close(linger=0)
        control.close()
