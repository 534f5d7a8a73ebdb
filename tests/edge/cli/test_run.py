import json
import os
import signal
import socket
import subprocess
import sys
import time

import cv2
import pytest

from edge.client import Client, Received
from edge.errors import ScannerError
from edge.outside.daemon_process import DaemonProcess
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage


@pytest.fixture
def endpoints(monkeypatch):
    """Free endpoints for results and commands, set for every command."""
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (first, second)]
    names = ("CARD_SCANNER_PUBLISH__ENDPOINT", "CARD_SCANNER_PUBLISH__CONTROL")
    for name, port in zip(names, ports, strict=True):
        monkeypatch.setenv(name, f"tcp://127.0.0.1:{port}")
    return [f"tcp://127.0.0.1:{port}" for port in ports]


def test_a_photo_is_run_to_its_end(scanner, tiny_settings, endpoints, photo):
    assert scanner("run", "--source", f"images:{photo}").code == 0


@pytest.mark.parametrize(
    ("source", "code", "named"),
    [
        ("nothing", 2, "source.spec: must be demo, images:PATH"),
        ("imx500", 1, "imx500-all"),
        ("images:{folder}", 1, "no photos in the folder"),
        ("images:{folder}/nothing.jpg", 1, "No such file"),
        ("video:{folder}/nothing.mp4", 1, "No such file"),
        ("v4l2:{folder}/video9", 1, "there is no camera"),
    ],
)
@pytest.mark.usefixtures("tiny_settings", "endpoints")
def test_a_source_that_cannot_be_opened(scanner, tmp_path, source, code, named):
    outcome = scanner("run", "--source", source.format(folder=tmp_path))
    assert outcome.code == code
    assert named in outcome.complaint


def test_a_truncated_video_is_used_and_then_told(scanner_process, tiny_settings, endpoints, photo, tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30, (800, 600))
    for _ in range(12):
        writer.write(cv2.imread(str(photo)))
    writer.release()
    whole = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "a.avi").write_bytes(whole[: len(whole) // 2])
    outcome = scanner_process("run", "--source", f"video:{tmp_path / 'a.avi'}")
    assert outcome.code == 1
    assert "Traceback" not in outcome.err
    assert "breaks off after frame" in outcome.err.splitlines()[-1]
    assert "a.avi" in outcome.err.splitlines()[-1]


def test_a_video_without_its_index_is_one_sentence(scanner_process, tiny_settings, endpoints, tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 30, (64, 48))
    for _ in range(12):
        writer.write(cv2.UMat(48, 64, cv2.CV_8UC3).get())
    writer.release()
    (tmp_path / "a.mp4").write_bytes((tmp_path / "a.mp4").read_bytes()[:400])
    outcome = scanner_process("run", "--source", f"video:{tmp_path / 'a.mp4'}")
    assert outcome.code == 1
    assert "is not a video that can be read" in outcome.complaint


def test_a_port_in_use(scanner, tiny_settings, endpoints, photo):
    for endpoint in endpoints:
        with socket.socket() as held:
            held.bind(("127.0.0.1", int(endpoint.rpartition(":")[2])))
            held.listen()
            outcome = scanner("run", "--source", f"images:{photo}")
        assert outcome.code == 1
        assert f"{endpoint} is in use" in outcome.complaint


def test_settings_that_do_not_exist(scanner, tmp_path):
    (tmp_path / "a.toml").write_text("[source]\nspeed = 3\n")
    assert scanner("run", "--config", tmp_path / "a.toml").code == 2
    outcome = scanner("run", "--config", tmp_path / "b.toml")
    assert outcome.code == 2
    assert "b.toml" in outcome.complaint


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_daemon_confirms_a_card_and_stops_on_a_signal(tiny_settings, endpoints, photo, number, tmp_path):
    (tmp_path / "a.toml").write_text(f'[source]\nspec = "images:{photo}"\nloop = true\n')
    command = [sys.executable, "-m", "edge.cli", "run", "--config", str(tmp_path / "a.toml")]
    with (
        subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.PIPE) as daemon,
        Client(endpoints[0]) as client,
    ):
        confirmed = None
        deadline_s = time.monotonic() + 60
        while confirmed is None and time.monotonic() < deadline_s:
            received = client.receive(1)
            message = received.message if isinstance(received, Received) else None
            if isinstance(message, CardMessage) and message.topic is Topic.CONFIRMED:
                confirmed = message
        daemon.send_signal(number)
        assert daemon.wait(10) == 0
        assert daemon.stderr.read() == b""
    assert confirmed.card_id == next(iter(tiny_settings.cards))
    assert json.loads(received.json)["card"]["name"] == f"Card {confirmed.card_id}"


@pytest.mark.e2e
def test_the_demo_shows_the_daemon_at_work(scanner_process, tiny_settings):
    outcome = scanner_process("demo", "--seconds", 2, env=dict(os.environ))
    assert (outcome.code, outcome.err) == (0, "")
    assert " 0 lost" in outcome.out
    assert "stage latencies" in outcome.out
    assert 50 < float(outcome.out.splitlines()[-1].split()[-2]) < 1000


def test_a_daemon_that_ends_early_is_told_with_its_reason(tiny_settings):
    with (
        DaemonProcess("nothing") as daemon,
        pytest.raises(ScannerError, match=r"ended early: source\.spec: must be demo"),
    ):
        while True:
            daemon.check()
            time.sleep(0.05)
