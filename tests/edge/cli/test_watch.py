import json
import re
import threading
import time
from pathlib import Path

import pytest
import zmq

from edge.cli.display import LiveDisplay, view_lines
from edge.client import Received, link
from edge.outside.tally import Tally
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage
from tests.wire_messages import card_message, health_message

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"


class PublishingThread:
    """Sends the same messages again and again, each time as soon as somebody subscribes."""

    def __init__(self, messages):
        self.endpoint = ""
        self._messages = messages
        self._stop = threading.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        assert ready.wait(5)

    def _run(self, ready):
        with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
            socket.linger = 0
            self.endpoint = f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"
            ready.set()
            while not self._stop.is_set():
                if socket.poll(20) and socket.recv()[:1] == b"\x01":
                    for parts in self._messages:
                        socket.send_multipart(parts)

    def close(self):
        self._stop.set()
        self._thread.join()


@pytest.fixture
def publish():
    threads = []

    def start(*messages):
        parts = [m if isinstance(m, list) else [m.topic.encode(), m.model_dump_json().encode()] for m in messages]
        threads.append(PublishingThread(parts))
        return threads[-1].endpoint

    yield start
    for thread in threads:
        thread.close()


def test_plain_lines_and_a_summary(scanner, publish):
    endpoint = publish(health_message(4), card_message(5, Topic.APPEARED), card_message(6), card_message(7, Topic.LEFT))
    outcome = scanner("watch", "--connect", endpoint, "--count", 4)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert re.match(r"10:20:31.000 +ok +demo +30.0 frames/s", lines[0])
    assert "detect 4.0" in lines[0]
    assert lines[2].split() == [
        "10:20:30.400", "card.confirmed", "track", "4", "confirmed", "Flabébé", "(ab-7),", "First", "Light",
        "probability", "98.7", "%", "distance", "0.123",
    ]  # fmt: skip
    assert lines[3] == "10:20:30.400  card.left       track 4  no_card"
    assert "4 messages, 0 lost" in lines
    assert "    Flabébé (ab-7)" in lines


def test_a_card_that_returned_is_told_and_counted_once(scanner, publish):
    endpoint = publish(card_message(5), card_message(6, Topic.LEFT), card_message(6, track_id=6, returned=4))
    outcome = scanner("watch", "--connect", endpoint, "--count", 3)
    assert outcome.out.splitlines()[2].endswith("distance 0.123  returned, was track 4")
    assert "cards confirmed: 1 (1 different), and 1 times one that had returned" in outcome.out


def test_a_name_commands_no_terminal(scanner, publish, capfd):
    hostile = card_message(5, name="Pika\x1b]0;owned\x07\nforged")
    told = "Pika\\u001b]0;owned\\u0007\\u000aforged (ab-7)"
    assert told in scanner("watch", "--connect", publish(hostile), "--count", 1).out
    display, tally = LiveDisplay(), Tally()
    tally.add(hostile, 0)
    display.show(Received(message=hostile, json="", lost=0), tally)
    assert told in capfd.readouterr().out


def test_lost_messages_are_told(scanner, publish):
    endpoint = publish(card_message(5), card_message(6), card_message(9), card_message(11))
    outcome = scanner("watch", "--connect", endpoint, "--count", 4)
    assert re.findall(r"--- (\d+) messages were lost", outcome.out) == ["2", "1"]
    assert "4 messages, 3 lost" in outcome.out


def test_a_publisher_that_starts_again_has_lost_nothing(scanner, publish):
    endpoint = publish(card_message(500), card_message(0, session="b"), card_message(1, session="b"))
    assert "3 messages, 0 lost" in scanner("watch", "--connect", endpoint, "--count", 3).out


def test_json_lines_are_the_messages_themselves(scanner, publish):
    sent = [card_message(5), card_message(8)]
    outcome = scanner("watch", "--connect", publish(*sent), "--json", "--count", 2)
    assert outcome.out.splitlines() == [message.model_dump_json() for message in sent]
    assert outcome.err == "card-scanner: 2 messages were lost\n"


@pytest.mark.parametrize(
    "parts",
    [
        [b"card.confirmed", b"{}"],
        [b"health"],
        [b"health", b"sunny"],
        [b"health", health_message(3).model_dump_json().replace('"protocol":2', '"protocol":1').encode()],
    ],
)
def test_what_is_not_of_this_protocol_is_one_sentence(scanner, publish, parts):
    outcome = scanner("watch", "--connect", publish(parts), "--count", 1)
    assert outcome.code == 1
    assert re.search("protocol 2|two parts|not JSON", outcome.complaint)


def test_another_version_is_named(scanner, publish):
    former = health_message(3).model_dump_json().replace('"protocol":2', '"protocol":1').encode()
    outcome = scanner("watch", "--connect", publish([b"health", former]), "--count", 1)
    assert "the scanner speaks protocol 1 and this program protocol 2" in outcome.complaint


def test_unknown_topics_and_fields_are_passed_over(scanner, publish):
    newer = health_message(3).model_dump_json().replace('"protocol":2', '"protocol":2,"weather":"sunny"').encode()
    outcome = scanner("watch", "--connect", publish([b"weather", b"sunny"], [b"health", newer]), "--count", 1)
    assert "1 messages, 0 lost" in outcome.out


def test_silence_is_told_once(scanner, publish, monkeypatch):
    monkeypatch.setattr(link, "_HEALTH_INTERVAL_S", 0.1)
    endpoint = publish()
    started_s = time.monotonic()
    outcome = scanner("watch", "--connect", endpoint, "--seconds", 1)
    assert time.monotonic() - started_s > 0.9
    assert outcome.out.count("nothing was published") == 1
    assert (outcome.code, f"nothing was published on {endpoint}" in outcome.complaint) == (1, True)


def test_an_invalid_endpoint(scanner):
    outcome = scanner("watch", "--connect", "5556")
    assert outcome.code == 2
    assert "cannot connect to '5556'" in outcome.complaint


def test_the_environment_names_the_endpoint(scanner, publish, monkeypatch):
    monkeypatch.setenv("CARD_SCANNER_PUBLISH__ENDPOINT", publish(card_message(1)))
    assert "1 messages, 0 lost" in scanner("watch", "--count", 1).out


def tally_of(*messages):
    tally = Tally()
    for message in messages:
        tally.add(message, 0)
    return tally


def test_the_view_shows_who_is_there():
    tally = tally_of(health_message(0), card_message(1), card_message(2, track_id=6), card_message(3, Topic.LEFT))
    rows = [line for line in view_lines(tally, []) if "Flabébé" in line]
    assert len(rows) == 1
    assert rows[0].split() == ["6", "confirmed", "98.7", "%", "0.123", "Flabébé", "(ab-7)", "First", "Light"]


def test_the_view_stays_in_place(capsys):
    display, tally = LiveDisplay(), Tally()
    for message in (health_message(0), card_message(1), health_message(2)):
        tally.add(message, 0)
        display.show(Received(message=message, json="", lost=0), tally)
    first, second = capsys.readouterr().out.split("\x1b[J")[1:]
    assert second.count("\n") > first.count("\n") - 1
    assert first.endswith(f"\x1b[{first.count(chr(10))}F")
    assert "10:20:30.400  card.confirmed" in second


def test_the_tally_over_time():
    tally = tally_of(
        health_message(0, 1.0), health_message(1, 20.0, 2.0), health_message(2, 30.0, 4.0), card_message(3)
    )
    assert tally.fps() == 25
    detect = tally.stages()["detect"]
    assert (detect.count, detect.p50_ms, detect.p99_ms) == (90, pytest.approx(10 / 3), 12)
    assert "cards confirmed: 1 (1 different)" in list(tally.summary())


def test_growing_memory_shows_in_the_tally():
    tally = tally_of(*(health_message(second, rss_mb=100 + second) for second in range(40)))
    assert tally.memory_mb() == (105.5, 137.5)
    assert "memory of the daemon: 106 MB once settled, 138 MB at the end" in list(tally.summary())
    assert Tally().memory_mb() is None


def test_the_documented_subscriber_works(publish, capsys):
    """Runs the example of docs/protocol.md until it has handled what is published."""
    endpoint = publish(card_message(5), card_message(8), [b"stop", b""])
    code = next(
        block for block in re.findall(r"```python\n(.*?)```", PROTOCOL.read_text(), re.DOTALL) if "SUB" in block
    )
    assert "tcp://127.0.0.1:5556" in code
    names = {}
    with pytest.raises(json.JSONDecodeError):
        exec(compile(code.replace("tcp://127.0.0.1:5556", endpoint), str(PROTOCOL), "exec"), names)
    assert capsys.readouterr().out.splitlines() == ["Flabébé ab-7 0.987", "lost 2 messages", "Flabébé ab-7 0.987"]
    names["socket"].close()
    zmq.Context.instance().term()


def test_the_protocol_document_names_every_topic_and_field():
    text = PROTOCOL.read_text()
    assert all(f"`{topic.value}`" in text for topic in Topic)
    assert all(f"`{field}`" in text for field in CardMessage.model_fields)
