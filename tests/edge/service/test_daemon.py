"""The real daemon as a process, heard over real sockets."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import zmq

from edge.detection import Following, SearchFailures, StillDetector
from edge.frame import Frame
from edge.service.parts import detector_for
from edge.sources.images import FRAMES_PER_PHOTO
from edge.wire.messages import CardMessage, HealthMessage

pytestmark = pytest.mark.e2e

ENTRY = """
import sys
from pathlib import Path
from edge.settings.settings import load_settings
from edge.service.daemon import run_daemon
from edge.errors import ScannerError
try:
    sys.exit(run_daemon(load_settings(Path(sys.argv[1]))))
except ScannerError as error:
    sys.exit(f"error: {error}")
"""


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class RunningDaemon:
    """The process, a subscriber and a control client."""

    def __init__(self, process: subprocess.Popen, context: zmq.Context, ports: list[int]) -> None:
        self.process = process
        self.messages: list[CardMessage | HealthMessage] = []
        self._subscriber = context.socket(zmq.SUB)
        self._subscriber.setsockopt(zmq.SUBSCRIBE, b"")
        self._subscriber.setsockopt(zmq.RECONNECT_IVL, 10)
        self._subscriber.connect(f"tcp://127.0.0.1:{ports[0]}")
        self._client = context.socket(zmq.REQ)
        self._client.setsockopt(zmq.RCVTIMEO, 20_000)
        self._client.connect(f"tcp://127.0.0.1:{ports[1]}")

    def listen(self, until, timeout_s: float = 20.0):
        """The first message for which `until` holds; earlier ones are kept in `messages`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._subscriber.poll(100):
                topic, body = self._subscriber.recv_multipart()
                kind = HealthMessage if topic == b"health" else CardMessage
                self.messages.append(kind.model_validate_json(body))
                assert self.messages[-1].topic == topic.decode()
                if until(self.messages[-1]):
                    return self.messages[-1]
            elif self.process.poll() is not None:
                break
        raise AssertionError(f"waited in vain; the daemon said: {self.log()}")

    def ask(self, **request) -> dict:
        self._client.send(json.dumps(request).encode())
        return json.loads(self._client.recv())

    def log(self) -> str:
        self.process.kill()
        return self.process.communicate()[1]


def start(folder: Path, config: str, ports: list[int]) -> subprocess.Popen:
    endpoints = f'[publish]\nendpoint = "tcp://127.0.0.1:{ports[0]}"\ncontrol = "tcp://127.0.0.1:{ports[1]}"\n'
    path = folder / "config.toml"
    path.write_text(config + endpoints + "health_interval_s = 0.2\n")
    return subprocess.Popen(
        [sys.executable, "-c", ENTRY, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def running(folder: Path, config: str):
    ports = free_ports(2)
    process = start(folder, config, ports)
    context = zmq.Context()
    try:
        yield RunningDaemon(process, context, ports)
    finally:
        process.kill()
        process.communicate()
        context.destroy(linger=0)


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in listed]


@pytest.fixture
def photo(tmp_path, tiny_database, table) -> str:
    """The settings for one photo of the first card, shown for ever."""
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "1.png"), table(next(iter(tiny_database.cards.values()))))
    return f'{tiny_database.toml()}[source]\nspec = "images:{tmp_path / "photos"}"\nloop = true\n'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_card_is_confirmed_and_a_signal_ends_the_daemon(tmp_path, photo, tiny_database, number):
    with running(tmp_path, photo) as daemon:
        confirmed = daemon.listen(lambda m: m.topic == "card.confirmed")
        assert confirmed.card_id == next(iter(tiny_database.cards))
        assert confirmed.card.set_code == "tiny"
        health = daemon.listen(lambda m: m.topic == "health")
        assert (health.status, health.model_id, health.database_cards) == ("ok", "thumbnail", 4)
        # Whoever joins after the card was confirmed is told the last confirmation at once, without what came before it.
        for topic in {m.topic for m in daemon.messages}:
            sequences = [m.sequence for m in daemon.messages if m.topic == topic]
            assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        assert {(m.device, m.session) for m in daemon.messages} == {(health.device, health.session)}
        assert (confirmed.frame_width, confirmed.frame_height) == (800, 600)
        daemon.process.send_signal(number)
        assert daemon.process.wait(timeout=10) == 0
        assert daemon.process.communicate() == ("", "")


def test_a_folder_of_photos_is_worked_through_to_its_end(tmp_path, tiny_database, table):
    (tmp_path / "photos").mkdir()
    empty = np.full((600, 800, 3), (60, 110, 60), np.uint8)
    for number, card in enumerate(tiny_database.cards.values()):
        cv2.imwrite(str(tmp_path / "photos" / f"{number}-a.png"), table(card))
        cv2.imwrite(str(tmp_path / "photos" / f"{number}-b.png"), empty)
        cv2.imwrite(str(tmp_path / "photos" / f"{number}-c.png"), empty)
    config = f'{tiny_database.toml()}[source]\nspec = "images:{tmp_path / "photos"}"\n'
    with running(tmp_path, config) as daemon:
        last = daemon.listen(lambda m: m.topic == "health" and not m.threads["output"].alive)
        assert daemon.process.wait(timeout=5) == 0
        confirmed = [m.card_id for m in daemon.messages if m.topic == "card.confirmed"]
        left = [m.card_id for m in daemon.messages if m.topic == "card.left"]
        assert confirmed == left == list(tiny_database.cards)
        assert (last.frames_captured, last.frames_dropped, last.crops_dropped) == (120, 0, 0)


def test_no_photo_is_told_as_the_card_of_the_one_before(tmp_path, tiny_database, table):
    """Cards of the database in turn with cards of the same outline, and at the same place, that are not in it."""
    (tmp_path / "photos").mkdir()
    known = list(tiny_database.cards.items())[:3]
    tiles = np.random.default_rng(0).integers(0, 256, (3, 22, 16, 3), dtype=np.uint8)
    strangers = [cv2.resize(each, known[0][1].shape[1::-1], interpolation=cv2.INTER_NEAREST) for each in tiles]
    for number, ((_, card), stranger) in enumerate(zip(known, strangers, strict=True)):
        cv2.imwrite(str(tmp_path / "photos" / f"{number}-a.png"), table(card))
        cv2.imwrite(str(tmp_path / "photos" / f"{number}-b.png"), table(stranger))
    config = f'{tiny_database.toml()}[source]\nspec = "images:{tmp_path / "photos"}"\n'
    with running(tmp_path, config) as daemon:
        daemon.listen(lambda m: m.topic == "health" and not m.threads["output"].alive, timeout_s=90)
        cards = [m for m in daemon.messages if m.topic != "health"]
        assert [m.card_id for m in cards if m.topic == "card.confirmed"] == [card_id for card_id, _ in known]
        for message in (m for m in cards if m.card_id is not None and m.topic != "card.left"):
            photo = message.frame_id // FRAMES_PER_PHOTO
            assert (photo % 2, message.card_id) == (0, known[photo // 2][0])


def test_unsharp_photos_among_others_end_with_a_verdict(tmp_path, tiny_database, table):
    (tmp_path / "photos").mkdir()
    for number, card in enumerate(tiny_database.cards.values()):
        cv2.imwrite(str(tmp_path / "photos" / f"{number}.png"), cv2.GaussianBlur(table(card), (0, 0), 4))
    config = f'{tiny_database.toml()}[source]\nspec = "images:{tmp_path / "photos"}"\n'
    with running(tmp_path, config) as daemon:
        daemon.listen(lambda m: m.topic == "health" and not m.threads["output"].alive)
        verdicts = [m for m in daemon.messages if m.topic in ("card.confirmed", "card.unknown")]
        assert [m.frame_id // FRAMES_PER_PHOTO for m in verdicts] == list(range(len(tiny_database.cards)))


def test_the_control_socket_while_frames_go_on(tmp_path, photo):
    with running(tmp_path, f'{photo}[snapshot]\nfolder = "{tmp_path}"\n') as daemon:
        daemon.listen(lambda m: m.topic == "card.confirmed")
        assert daemon.ask(command="status")["health"]["status"] == "ok"
        reply = daemon.ask(command="snapshot", path=str(tmp_path / "frame.png"))
        assert reply["ok"]
        assert cv2.imread(str(tmp_path / "frame.png")).shape == (600, 800, 3)
        assert daemon.ask(command="nonsense")["ok"] is False
        assert daemon.ask(command="reload", settings={"recognition": {"database": "/none"}})["ok"] is False
        assert daemon.ask(command="reload")["database_cards"] == 4
        assert daemon.ask(command="pause") == {"ok": True, "protocol": 2, "paused": True}
        seen = daemon.ask(command="status")["health"]["frames_captured"]
        assert daemon.ask(command="resume") == {"ok": True, "protocol": 2, "paused": False}
        after = daemon.listen(lambda m: m.topic == "health" and m.frames_captured > seen + 10)
        assert (after.status, after.frames_dropped) == ("ok", 0)


def test_after_a_pause_the_card_from_before_has_left_and_what_lies_there_is_recognised_anew(tmp_path, photo):
    with running(tmp_path, photo) as daemon:
        before = daemon.listen(lambda m: m.topic == "card.confirmed")
        daemon.ask(command="pause")
        time.sleep(0.3)
        daemon.ask(command="resume")
        left = daemon.listen(lambda m: m.topic == "card.left")
        after = daemon.listen(lambda m: m.topic == "card.confirmed")
        assert (left.track_id, after.card_id) == (before.track_id, before.card_id)
        assert after.track_id > before.track_id


def test_a_simulated_bench_leaves_no_process_behind(tmp_path, tiny_database):
    with running(tmp_path, f'{tiny_database.toml()}[source]\nspec = "demo:resting"\n') as daemon:
        daemon.listen(lambda m: m.topic == "health" and m.frames_captured > 3)
        renderers = children(daemon.process.pid)
        assert renderers
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(timeout=2.0) == 0
        assert [pid for pid in renderers if Path(f"/proc/{pid}").exists()] == []


def test_a_port_in_use_is_one_sentence(tmp_path, photo):
    ports = free_ports(2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[1]))
        taken.listen()
        process = start(tmp_path, photo, ports)
        _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert error.startswith(f"error: publish.control: tcp://127.0.0.1:{ports[1]} is in use")
    assert len(error.splitlines()) == 1


def test_a_video_that_breaks_off_ends_the_daemon_with_its_sentence(tmp_path, tiny_database, table):
    path = tmp_path / "bench.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (800, 600))
    for _ in range(30):
        writer.write(table(next(iter(tiny_database.cards.values()))))
    writer.release()
    os.truncate(path, path.stat().st_size // 2)
    with running(tmp_path, f'{tiny_database.toml()}[source]\nspec = "video:{path}"\n') as daemon:
        daemon.listen(lambda m: m.topic == "health" and m.status == "failed")
        assert daemon.process.wait(timeout=5) == 1
        assert str(path) in daemon.process.communicate()[1].splitlines()[-1]


@pytest.mark.parametrize(
    ("live", "gives_boxes", "kind"),
    [(True, False, Following), (True, True, Following), (False, False, StillDetector)],
)
def test_each_kind_of_source_gets_its_detector(live, gives_boxes, kind):
    searches = []
    search = SimpleNamespace(detect=lambda image: (searches.append(image.shape), ())[1])
    detector = detector_for(SimpleNamespace(live=live, gives_boxes=gives_boxes), search, SearchFailures())
    assert type(detector) is kind
    if live:
        frame = Frame(frame_id=0, timestamp_ns=0, image=np.zeros((64, 64, 3), np.uint8), boxes=None)
        detector.detect(frame)
        detector.close()
        assert len(searches) == (0 if gives_boxes else 1)


OPENING = f"""
import os, sys
import edge.service.daemon
edge.service.daemon.open_for_daemon = lambda *_: os.open(sys.argv[2], os.O_RDONLY)
{ENTRY}"""
READING = f"""
import os, sys, threading
import edge.service.daemon
class Hanging:
    name, live, stills, gives_boxes = "hanging", True, False, True
    in_use = threading.Lock()
    def read(self):
        with self.in_use:
            os.open(sys.argv[2], os.O_RDONLY)
    def close(self):
        with self.in_use:
            pass
edge.service.daemon.open_for_daemon = lambda *_: Hanging()
{ENTRY}"""


@pytest.mark.parametrize("hanging", [OPENING, READING], ids=["opening", "reading"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_obeyed_while_the_source_hangs(tmp_path, tiny_database, number, hanging):
    """A FIFO that nobody writes to stands for a camera that hangs: the system call starts again after a signal."""
    os.mkfifo(tmp_path / "fifo")
    ports = free_ports(2)
    config = tmp_path / "config.toml"
    endpoints = f'endpoint = "tcp://127.0.0.1:{ports[0]}"\ncontrol = "tcp://127.0.0.1:{ports[1]}"\n'
    config.write_text(f"{tiny_database.toml()}[publish]\n{endpoints}")
    command = [sys.executable, "-c", hanging, str(config), str(tmp_path / "fifo")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while not waits_for_a_fifo(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(timeout=5) == 0
    finally:
        process.kill()
        process.communicate()


def waits_for_a_fifo(pid: int) -> bool:
    return any("wait_for_partner" in task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/wchan"))
