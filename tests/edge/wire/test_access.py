"""Sockets that other machines can reach, with programs that have a key and programs that have none."""

import socket
import stat
import threading
import time
from contextlib import contextmanager

import pytest
import zmq

from edge.client import Client, Control, Received
from edge.errors import NoAnswerError, PublishError
from edge.settings.sections import PublishSettings
from edge.wire.access import Access, is_local
from edge.wire.commands import Form, NothingMore, StatusReply
from edge.wire.control import ControlSocket
from edge.wire.keys import ClientKey, KeyFolder
from edge.wire.publisher import Publisher
from tests.wire_messages import health_message

STATUS = StatusReply(device="bench", session="a", paused=False, settings={}, health=None)
FORMS = {"status": Form(request=NothingMore, reply=StatusReply, at_once=True)}


class Reachable:
    """Both sockets on every address of this machine, served as the daemon serves them."""

    def __init__(self, context, keys):
        access = Access(context, keys)
        publisher = Publisher(context, PublishSettings(endpoint="tcp://0.0.0.0:*"), access)
        control = ControlSocket(context, "tcp://0.0.0.0:*", {"status": lambda _: STATUS}, FORMS, access)
        self.endpoint, self.control = (f"tcp://127.0.0.1:{each.peers.port}" for each in (publisher, control))
        self._parts, self._stop, self._sequence = (publisher, control, access), threading.Event(), 0
        self._threads = [threading.Thread(target=each) for each in (self._publish, self._answer, self._watch)]
        for thread in self._threads:
            thread.start()

    def _publish(self):
        publisher = self._parts[0]
        while not self._stop.wait(0.02):
            publisher.send(health_message(self._sequence))
            self._sequence += 1
            publisher.welcome()

    def _answer(self):
        while not self._stop.is_set():
            self._parts[1].step()

    def _watch(self):
        publisher, control, access = self._parts
        while not self._stop.wait(0.02):
            changed = access.check()
            for peers in (publisher.peers, control.peers):
                if changed:
                    peers.disconnect_guarded()
                peers.check()

    def close(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for part in self._parts:
            part.close()


@contextmanager
def reachable(keys):
    with zmq.Context() as context:
        scanner = Reachable(context, keys)
        try:
            yield scanner
        finally:
            scanner.close()


@pytest.fixture
def keys(tmp_path):
    return KeyFolder(tmp_path / "keys")


def hears(client, wait_s=5.0):
    end_s = time.monotonic() + wait_s
    while time.monotonic() < end_s:
        if isinstance(client.receive(0.1), Received):
            return True
    return False


def test_who_has_a_key_is_let_in_and_nobody_else(keys, tmp_path):
    phone = keys.make("phone", tmp_path / "phone.key")
    stranger = KeyFolder(tmp_path / "others").make("phone", tmp_path / "stranger.key")
    stranger = stranger.model_copy(update={"server_key": phone.server_key})
    with reachable(keys) as scanner:
        for key, let_in in ((None, False), (stranger, False), (phone, True), (keys.own(), True)):
            with Client(scanner.endpoint, key=key) as client:
                assert hears(client, 5 if let_in else 0.7) == let_in
            with Control(scanner.control, 5 if let_in else 0.7, key=key) as control:
                if let_in:
                    assert control.status() == STATUS
                else:
                    with pytest.raises(NoAnswerError):
                        control.status()


def test_a_program_lets_no_other_scanner_deceive_it(keys, tmp_path):
    phone = keys.make("phone", tmp_path / "phone.key")
    other = KeyFolder(tmp_path / "others").make("phone", tmp_path / "other.key")
    with reachable(keys) as scanner:
        deceived = ClientKey(**phone.model_dump() | {"server_key": other.server_key})
        with Client(scanner.endpoint, key=deceived) as client:
            assert not hears(client, 0.7)


def test_a_key_is_made_and_revoked_while_the_scanner_runs(keys, tmp_path):
    keys.make("first", tmp_path / "first.key")
    with reachable(keys) as scanner:
        second = keys.make("second", tmp_path / "second.key")
        with Client(scanner.endpoint, key=second) as client:
            assert hears(client)
            keys.revoke("second")
            time.sleep(0.5)
            while client.receive(0) is not None:
                pass
            assert not hears(client, 0.7)


def test_without_keys_an_address_that_others_can_reach_is_refused(keys):
    with zmq.Context() as context:
        access = Access(context, keys)
        with pytest.raises(PublishError, match=r"publish.endpoint: tcp://\*:5999 can be reached .* there are no keys"):
            Publisher(context, PublishSettings(endpoint="tcp://*:5999"), access)
        with pytest.raises(PublishError, match=r"publish.control: tcp://0.0.0.0:\* can be reached"):
            ControlSocket(context, "tcp://0.0.0.0:*", {})


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        ("tcp://127.0.0.1:5556", True),
        ("tcp://127.4.0.1:5556", True),
        ("tcp://localhost:*", True),
        ("tcp://[::1]:5556", True),
        ("ipc:///run/card-scanner/control", True),
        ("inproc://control", True),
        ("tcp://*:5556", False),
        ("tcp://0.0.0.0:5556", False),
        ("tcp://192.168.1.7:5556", False),
        ("tcp://eth0:5556", False),
        ("tcp://[::]:5556", False),
        ("tcp://scanner.local:5556", False),
    ],
)
def test_what_only_this_machine_can_reach(endpoint, local):
    assert is_local(endpoint) is local


def test_the_file_of_a_local_address_is_for_owner_and_group(tmp_path):
    with zmq.Context() as context:
        control = ControlSocket(context, f"ipc://{tmp_path}/control", {"status": lambda _: STATUS}, FORMS)
        assert stat.S_IMODE((tmp_path / "control").stat().st_mode) == 0o660
        thread = threading.Thread(target=lambda: [control.step() for _ in range(10)])
        thread.start()
        with Control(f"ipc://{tmp_path}/control") as client:
            assert client.status() == STATUS
        thread.join()
        control.close()


def test_a_local_address_is_not_taken_from_who_listens_there(tmp_path):
    endpoint = f"ipc://{tmp_path}/control"
    with zmq.Context() as context:
        control = ControlSocket(context, endpoint, {"status": lambda _: STATUS}, FORMS)
        with pytest.raises(PublishError, match="is in use"):
            ControlSocket(context, endpoint, {})
        thread = threading.Thread(target=lambda: [control.step() for _ in range(10)])
        thread.start()
        with Control(endpoint) as client:
            assert client.status() == STATUS
        thread.join()
        control.close()


def test_a_file_that_was_left_behind_is_no_address_in_use(tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/control")
    with zmq.Context() as context:
        ControlSocket(context, f"ipc://{tmp_path}/control", {}).close()
