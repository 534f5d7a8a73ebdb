import json
import threading

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from edge.control import ControlSocket, Request, respond
from edge.errors import DatabaseError


class Volume(Request):
    level: int


def set_volume(fields):
    return {"level": Volume.model_validate(fields).level}


def fail(fields):
    raise DatabaseError("the database is damaged; copy it again")


def crash(fields):
    raise RuntimeError("a bug")


COMMANDS = {"volume": set_volume, "fail": fail, "crash": crash}


def reply_to(request) -> dict:
    return respond(request if isinstance(request, bytes) else json.dumps(request).encode(), COMMANDS)


def test_a_command_is_carried_out():
    assert reply_to({"command": "volume", "level": 7}) == {"ok": True, "level": 7}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"command": "dance"}, "NAME one of crash, fail, volume"),
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
    assert respond(request_, COMMANDS)["ok"] is False


def test_a_client_is_answered_and_so_is_the_next_one_after_a_crash():
    with zmq.Context() as context:
        control = ControlSocket(context, "inproc://control", COMMANDS)
        client = context.socket(zmq.REQ)
        client.connect("inproc://control")
        client.send_json({"command": "crash"})
        with pytest.raises(RuntimeError, match="a bug"):
            control.step()
        assert client.recv_json()["ok"] is False
        client.send_json({"command": "volume", "level": 1})
        thread = threading.Thread(target=control.step)
        thread.start()
        assert client.recv_json() == {"ok": True, "level": 1}
        thread.join()
        client.close(linger=0)
        control.close()
