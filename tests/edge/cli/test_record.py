"""`card-scanner record` against a control socket with the real recorder."""

import threading

import pytest
import zmq

from edge.service.recorder import Recorder
from edge.wire.control import ControlSocket
from tests.edge.recording.recordings import frame, header
from tests.edge.service.test_daemon import free_ports


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    """The recorder of a scanner that sees the same again and again."""
    recorder = Recorder(tmp_path, lambda fps: header(fps=fps), lambda ns: ns)
    endpoint = f"tcp://127.0.0.1:{free_ports(1)[0]}"
    monkeypatch.setenv("CARD_SCANNER_PUBLISH__CONTROL", endpoint)
    stop, numbers = threading.Event(), iter(range(10**6))
    commands = {"record": recorder.record, "recording": recorder.recording, "end_recording": recorder.end_recording}

    def see() -> bool:
        recorder.saw(frame(next(numbers)))
        return recorder.step()

    with zmq.Context() as context:
        control = ControlSocket(context, endpoint, commands)
        loops = [
            threading.Thread(target=lambda step=step: [step() for _ in iter(stop.is_set, True)])
            for step in (control.step, control.work, see)
        ]
        for loop in loops:
            loop.start()
        yield recorder
        stop.set()
        for loop in loops:
            loop.join()
        control.close()


def test_it_says_where_the_recording_is_how_it_ended_and_how_to_play_it(scanner, recorder, tmp_path):
    said = scanner("record", "misread.tar", "--seconds", "0.3", "--max-mb", "500")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == f"recording into {tmp_path / 'misread.tar'} ..."
    assert lines[1].endswith("MB: 0.3 s are recorded")
    assert lines[-1] == f"'card-scanner run --source replay:{tmp_path / 'misread.tar'}' plays it"
    assert "exists already" in scanner("record", "misread.tar").complaint


def test_wrong_arguments_are_one_sentence(scanner):
    for wrong in ("0", "-1", "nan", "many", "241"):
        assert "frames a second" in scanner("record", "--fps", wrong).complaint
