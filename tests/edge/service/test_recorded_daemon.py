"""A scanner records what it sees and says; the recording is played by the real daemon, with equal bytes each time."""

import json
import tarfile
import time
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
import zmq

from edge.frame import Frame
from edge.recording.reading import RecordingReader
from tests.edge.recording.recordings import START_NS, TENTH_NS, write_recording
from tests.edge.service.test_daemon import free_ports, running, start

pytestmark = pytest.mark.e2e


@pytest.fixture
def bench(tiny_database, table, tmp_path):
    """Two cards that come, are pushed aside and go, one after the other."""
    cards = list(tiny_database.cards.values())[:2]
    images = [np.roll(table(card), 12 * max(0, step - 6), 1) for card in cards for step in range(10)]
    frames = [
        Frame(frame_id=100 + 3 * n, timestamp_ns=START_NS + n * TENTH_NS, image=image, stretch=0)
        for n, image in enumerate(images)
    ]
    return write_recording(tmp_path / "bench.tar", frames, source="demo", gives_boxes=False)


def played(folder, config: str) -> list[list[bytes]]:
    """Every message of a daemon that runs to its source's end."""
    folder.mkdir()
    ports = free_ports(2)
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.setsockopt(zmq.RECONNECT_IVL, 20)
        subscriber.subscribe(b"")
        subscriber.connect(f"tcp://127.0.0.1:{ports[0]}")
        process = start(folder, config, ports)
        messages = []
        while process.poll() is None or subscriber.poll(200):
            if subscriber.poll(100):
                messages.append(subscriber.recv_multipart())
        assert process.communicate() == ("", "")
        assert process.returncode == 0
    return messages


def test_a_recording_played_twice_gives_equal_bytes(bench, tiny_database, tmp_path):
    log = tmp_path / "scans.db"
    config = f'{tiny_database.toml()}[log]\npath = "{log}"\n[source]\nspec = "replay:{bench}"\n'
    first, second = (
        [message for message in played(tmp_path / name, config) if message[0] != b"health"] for name in "ab"
    )
    assert first == second
    told = [json.loads(body) for _, body in first]
    ids = list(tiny_database.cards)
    assert [each["card_id"] for each in told if each["topic"] == "card.confirmed"] == ids[:2]
    assert {(each["device"], each["session"]) for each in told} == {("bench", "0123456789abcdef")}
    assert {each["captured_at"][:16] for each in told} == {"2030-03-17T17:46"}
    assert all(each["latencies_ms"] == {} and each["published_at"] == each["captured_at"] for each in told)
    # What was scanned then is counted already.
    assert not log.exists()


def test_what_a_cut_recording_holds_is_played_and_that_it_was_cut_is_said(bench, tiny_database, tmp_path):
    bench.write_bytes(bench.read_bytes()[: bench.stat().st_size // 3])
    with running(tmp_path, f'{tiny_database.toml()}[source]\nspec = "replay:{bench}"\n') as daemon:
        assert daemon.listen(lambda m: m.topic == "card.confirmed").card_id == next(iter(tiny_database.cards))
        assert daemon.process.wait(10) == 0
        assert "was read up to frame" in daemon.process.communicate()[1]


def test_a_running_scanner_records_what_it_sees_and_says(tiny_database, table, tmp_path):
    (tmp_path / "photos").mkdir()
    image = table(next(iter(tiny_database.cards.values())))
    cv2.imwrite(str(tmp_path / "photos" / "1.png"), image)
    config = (
        f'{tiny_database.toml()}[source]\nspec = "images:{tmp_path / "photos"}"\nloop = true\n'
        f'[snapshot]\nfolder = "{tmp_path / "snapshots"}"\n'
    )
    with running(tmp_path, config) as daemon:
        daemon.listen(lambda m: m.topic == "card.confirmed")
        assert daemon.ask(command="recording")["error"].startswith("nothing was recorded")
        begun = daemon.ask(command="record", path="a.tar", fps=20, seconds=60)
        assert (begun["path"], begun["ended"]) == (str(tmp_path / "snapshots" / "a.tar"), None)
        assert "end that one first" in daemon.ask(command="record")["error"]
        recorded_from = datetime.now(UTC)
        while daemon.ask(command="recording")["frames"] < 3:
            time.sleep(0.05)
        # Recorded after it is sent: whoever hears the second knows that the first is taken in.
        for _ in range(2):
            daemon.listen(lambda m: m.topic == "health" and datetime.fromisoformat(m.published_at) > recorded_from)
        assert daemon.ask(command="end_recording")["ok"]
        while (told := daemon.ask(command="recording"))["ended"] is None:
            time.sleep(0.05)
        assert told["ended"] == "it was ended"
        assert "exists already" in daemon.ask(command="record", path="a.tar")["error"]
        assert "must end in .tar" in daemon.ask(command="record", path="a.png")["error"]
        assert "give a file's name alone" in daemon.ask(command="record", path="../a.tar")["error"]
    reader = RecordingReader(tmp_path / "snapshots" / "a.tar")
    assert np.array_equal(reader.next().image, image)
    assert (reader.header.model_id, reader.header.source[:7]) == ("thumbnail", "images:")
    reader.close()
    with tarfile.open(tmp_path / "snapshots" / "a.tar") as archive:
        parts = [archive.extractfile(name).read() for name in archive.getnames() if name.startswith("messages/")]
        end = json.load(archive.extractfile("end.json"))
    said = [json.loads(line) for part in parts for line in part.splitlines()]
    assert "health" in {each["topic"] for each in said}
    assert end == {"reason": "it was ended", "frames": told["frames"], "left_out": told["left_out"]}
