import shutil
import socket
import threading
from collections import namedtuple

import pytest
import zmq

from edge.diagnosis.finding import State
from edge.diagnosis.machine import Machine
from edge.diagnosis.software import check_access, check_clock, check_disk, check_log, check_ports
from edge.log.file import open_log_as_it_is
from edge.settings.sections import LogSettings, PublishSettings, RecognitionSettings
from edge.settings.settings import Settings
from edge.wire.commands import StatusReply
from edge.wire.control import ControlSocket
from edge.wire.keys import KeyFolder
from tests.wire_messages import health_message

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("free_mb", "state"), [(10, State.FAILURE), (200, State.WARNING), (9000, State.OK)])
def test_disk(tmp_path, monkeypatch, free_mb, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free_mb * 1e6))
    finding = check_disk(Settings(recognition=RecognitionSettings(database=tmp_path / "not" / "there")), Machine())
    assert finding.state is state
    assert f"{free_mb / 1000:.1f} GB" in finding.sentence


def test_log(tmp_path):
    settings = Settings(log=LogSettings(path=tmp_path / "scans.db", max_mb=10))
    assert check_log(settings, Machine()).state is State.UNUSED
    log = open_log_as_it_is(tmp_path / "scans.db")
    log.execute("INSERT INTO session VALUES ('a', 'b', 'demo', 'now', 'now')")
    log.execute(
        "INSERT INTO scan (session, confirmed_at, captured_at, frame_id, card_id, matches, model_id, database)"
        " VALUES ('a', '', '', 1, 'ab-7', '[]', '', '')"
    )
    assert check_log(settings, Machine()).line().startswith("ok    log              1 scans, 0 of 10 MB")
    log.execute("INSERT INTO picture VALUES (1, zeroblob(9500000))")
    assert check_log(settings, Machine()).state is State.WARNING
    log.execute("PRAGMA user_version = 99")
    log.close()
    assert "a newer card-scanner wrote it" in check_log(settings, Machine()).sentence


@pytest.fixture
def ports():
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        numbers = [each.getsockname()[1] for each in (first, second)]
    return PublishSettings(endpoint=f"tcp://127.0.0.1:{numbers[0]}", control=f"tcp://127.0.0.1:{numbers[1]}")


def test_free_ports_and_ports_held_by_another_program(ports):
    assert "are free" in check_ports(Settings(publish=ports), Machine()).sentence
    number = int(ports.endpoint.rpartition(":")[2])
    with socket.socket() as held:
        held.bind(("127.0.0.1", number))
        held.listen()
        finding = check_ports(Settings(publish=ports), Machine())
    assert (finding.state, finding.remedy) == (State.FAILURE, f"sudo ss -ltnp 'sport = :{number}'")


def test_ports_held_by_a_scanner_that_answers(ports):
    health = health_message(status="degraded", degraded=["no new frame for 3 s"])
    status = StatusReply(device="bench", session="a", paused=False, settings={}, health=health)
    with zmq.Context() as context:
        control = ControlSocket(context, ports.control, {"status": lambda _: status})
        thread = threading.Thread(target=lambda: [control.step() for _ in range(10)])
        thread.start()
        finding = check_ports(Settings(publish=ports), Machine())
        thread.join()
        control.close()
    assert finding.state is State.OK
    assert finding.sentence == ("a scanner is running: 30 frames/s from demo, status degraded: no new frame for 3 s")


@pytest.mark.parametrize(
    ("said", "state"), [("yes", State.OK), ("no", State.WARNING), (None, State.UNUSED), ("1970", State.FAILURE)]
)
def test_clock(monkeypatch, said, state):
    class Told(Machine):
        def output(self, command):
            return said if command[0] == "timedatectl" else None

    if said == "1970":
        monkeypatch.setattr("time.time", lambda: 0.0)
    assert check_clock(Settings(), Told()).state is state


def test_a_scanner_that_answers_on_a_file_keeps_it(ports, tmp_path):
    status = StatusReply(device="bench", session="a", paused=False, settings={}, health=health_message())
    publish = ports.model_copy(update={"control": f"ipc://{tmp_path}/control"})
    with zmq.Context() as context:
        control = ControlSocket(context, publish.control, {"status": lambda _: status})
        thread = threading.Thread(target=lambda: [control.step() for _ in range(20)])
        thread.start()
        findings = [check_ports(Settings(publish=publish), Machine()) for _ in range(2)]
        thread.join()
        control.close()
    assert [finding.sentence.partition(":")[0] for finding in findings] == 2 * ["a scanner is running"]


def test_who_may_connect_from_other_machines(ports, tmp_path):
    def finding(**changes):
        return check_access(Settings(publish=ports.model_copy(update={"keys": tmp_path / "keys"} | changes)), Machine())

    assert finding().state is State.UNUSED
    reached = {"endpoint": "tcp://*:5556"}
    none = finding(**reached)
    assert (none.state, none.remedy) == (State.FAILURE, "sudo card-scanner keys make NAME")
    assert "there are no keys in" in none.sentence
    keys = KeyFolder(tmp_path / "keys")
    keys.make("phone", tmp_path / "phone.key")
    assert finding(**reached).sentence == "tcp://*:5556: programs with a key may connect: phone"
    keys.revoke("phone")
    assert (finding(**reached).state, finding(**reached).sentence) == (
        State.WARNING,
        "tcp://*:5556: no program has a key",
    )
