import builtins
import json
import logging
import threading
from contextlib import contextmanager
from typing import Any

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DatabaseError
from edge.wire.commands import Form, NothingMore, Reply, Request
from edge.wire.control import ControlSocket, respond


class Volume(Request):
    level: int


class Loudness(Reply):
    level: int


class Crash(Request):
    kind: str
    arguments: list


class Odd(Reply):
    what: Any


def set_volume(request):
    return Loudness(level=request.level)


def fail(request):
    raise DatabaseError("the database is damaged; copy it again")


def crash(request):
    raise getattr(builtins, request.kind)(*request.arguments)


def give_what_is_not_json(request):
    return Odd(what=object())


COMMANDS = {"volume": set_volume, "fail": fail, "crash": crash, "odd": give_what_is_not_json}
FORMS = {
    "volume": Form(request=Volume, reply=Loudness, at_once=True),
    "fail": Form(request=NothingMore, reply=Reply, at_once=True),
    "crash": Form(request=Crash, reply=Reply, at_once=True),
    "odd": Form(request=NothingMore, reply=Odd, at_once=True),
}


def reply_to(request) -> dict:
    return json.loads(respond(request if isinstance(request, bytes) else json.dumps(request).encode(), COMMANDS, FORMS))


def test_a_command_is_carried_out():
    assert reply_to({"command": "volume", "level": 7}) == {"ok": True, "protocol": 2, "level": 7}


@pytest.mark.parametrize(
    ("request_", "code", "error"),
    [
        ({"command": "dance"}, "unknown_command", "NAME one of crash, fail, odd, volume"),
        ({"command": ["volume"]}, "unknown_command", "NAME one of"),
        ({}, "unknown_command", "NAME one of"),
        ([], "unknown_command", "NAME one of"),
        (b"\xff", "request", "not JSON"),
        (b"", "request", "not JSON"),
        (b"[" * 100_000, "request", "not JSON"),
        ({"command": "volume"}, "request", "level: Field required"),
        ({"command": "volume", "level": "loud"}, "request", "level: "),
        ({"command": "volume", "level": 1, "bass": 2}, "request", "bass: "),
        ({"command": "fail"}, "database", "the database is damaged; copy it again"),
    ],
)
def test_a_bad_request_is_answered_with_a_code_and_a_sentence(request_, code, error):
    reply = reply_to(request_)
    assert (reply["ok"], reply["code"]) == (False, code)
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
    assert (reply["ok"], reply["code"]) == (False, "internal")
    assert sentence in reply["error"]
    assert "in crash" in caplog.text


def test_half_a_character_in_a_request_is_answered(monkeypatch):
    # The log has it, too, and what pytest reports of a test cannot be encoded then.
    monkeypatch.setattr(logging.getLogger("edge.wire.control"), "disabled", True)
    reply = reply_to(b'{"command": "crash", "kind": "ValueError", "arguments": ["\\ud800"]}')
    assert (reply["code"], "\\ud800" in reply["error"]) == ("internal", True)


def test_a_reply_that_cannot_be_sent_is_a_failure_too():
    assert "Unable to serialize" in reply_to({"command": "odd"})["error"]


def test_a_client_is_answered_and_so_is_the_next_one_after_a_crash():
    with zmq.Context() as context:
        control = ControlSocket(context, "inproc://control", COMMANDS, FORMS)
        client = context.socket(zmq.REQ)
        client.connect("inproc://control")
        for request in ({"command": "crash", "kind": "RuntimeError", "arguments": []}, {"command": "volume"}):
            client.send_json(request)
            assert control.step()
            assert client.recv_json()["ok"] is False
        client.send_json({"command": "volume", "level": 1})
        assert control.step()
        assert client.recv_json() == {"ok": True, "protocol": 2, "level": 1}
        client.close(linger=0)
        control.close()


@contextmanager
def slow_control(started: threading.Event, go_on: threading.Event):
    """A control socket with one command that takes as long as the test likes, and its two threads."""

    def work(request):
        started.set()
        assert go_on.wait(20)
        return Reply()

    forms = {
        "status": Form(request=NothingMore, reply=Reply, at_once=True),
        "work": Form(request=NothingMore, reply=Reply, at_once=False),
    }
    stop = threading.Event()
    with zmq.Context() as context:
        control = ControlSocket(context, "inproc://control", {"status": lambda _: Reply(), "work": work}, forms)

        def repeat(step):
            while not stop.is_set():
                step()

        threads = [threading.Thread(target=repeat, args=(step,)) for step in (control.step, control.work)]
        for thread in threads:
            thread.start()
        try:
            yield context
        finally:
            go_on.set()
            stop.set()
            for thread in threads:
                thread.join()
            control.close()
            context.destroy(linger=0)


def ask(context, command):
    client = context.socket(zmq.REQ)
    client.connect("inproc://control")
    client.send_json({"command": command})
    return client


def test_status_is_answered_while_another_command_works():
    started, go_on = threading.Event(), threading.Event()
    with slow_control(started, go_on) as context:
        worker = ask(context, "work")
        assert started.wait(5)
        for _ in range(3):
            with ask(context, "status") as status:
                assert status.poll(5000)
                assert status.recv_json()["ok"]
        assert not worker.poll(0)
        go_on.set()
        assert worker.poll(5000)
        assert worker.recv_json()["ok"]
        worker.close(linger=0)


def test_more_commands_than_can_wait_are_told_that_it_is_busy():
    started, go_on = threading.Event(), threading.Event()
    with slow_control(started, go_on) as context:
        first = ask(context, "work")
        assert started.wait(5)
        others = [ask(context, "work") for _ in range(6)]
        told = [client for client in others if client.poll(500)]
        assert [client.recv_json()["code"] for client in told] == ["busy", "busy"]
        go_on.set()
        for client in (first, *(client for client in others if client not in told)):
            assert client.poll(5000)
            assert client.recv_json()["ok"]
        for client in (first, *others):
            client.close(linger=0)
