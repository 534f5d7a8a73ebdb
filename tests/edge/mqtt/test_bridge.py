"""The bridge between a scanner's own sockets and a real broker."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from queue import Empty, Queue

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.client import Client
from edge.errors import ConfigurationError, ScannerError
from edge.mqtt.bridge import Bridge
from edge.mqtt.topics import plain
from edge.settings.sections import MqttSettings
from edge.wire.envelope import Topic
from tests.edge.client.serving import Scanner
from tests.edge.service.test_daemon import free_ports
from tests.wire_messages import card_message

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="Debian's mosquitto is not installed")


class Broker:
    """Debian's mosquitto, without memory of what it was told before it was started."""

    def __init__(self, folder, port, access="allow_anonymous true"):
        self.port = port
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {port} 127.0.0.1\n{access}\npersistence false\nlog_dest none\nuser root\n")
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)])
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Listener:
    """A subscriber of the broker that keeps what it hears."""

    def __init__(self, port, user=None):
        self.heard = Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(*user)
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._client.on_message = lambda _client, _data, message: self.heard.put(message)
        self._client.connect_async("127.0.0.1", port)
        self._client.reconnect_delay_set(1, 1)
        self._client.loop_start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()

    def until(self, topic, payload=None, timeout_s=30.0):
        """The first message under a topic (with that payload)."""
        deadline, others = time.monotonic() + timeout_s, []
        while time.monotonic() < deadline:
            try:
                message = self.heard.get(timeout=0.2)
            except Empty:
                continue
            if message.topic == topic and payload in (None, message.payload.decode()):
                return message
            others.append((message.topic, message.payload[:40]))
        raise AssertionError(f"waited in vain for {topic}; heard {others}")


@pytest.fixture
def scanner():
    scanner = Scanner()
    yield scanner
    scanner.close()


@contextmanager
def bridged(scanner, port, **settings):
    """A bridge that runs meanwhile, and what has ended it."""
    stop, failures = threading.Event(), []

    def run():
        try:
            with Client(scanner.endpoint, topics=["health", "card.confirmed"]) as client, Bridge(own) as bridge:
                while not stop.is_set():
                    bridge.follow(client)
        except ScannerError as failure:
            failures.append(failure)

    own = MqttSettings(port=port, **settings)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield failures
    finally:
        stop.set()
        thread.join()


def until_available(scanner, listener):
    """The scanner says how it is, as one does, until the broker says that it is heard."""
    for _ in range(60):
        scanner.health()
        with suppress(AssertionError):
            listener.until("card-scanner/bench/available", "online", timeout_s=0.5)
            return
    raise AssertionError("the scanner is not heard")


@pytest.fixture
def port():
    return free_ports(1)[0]


def test_cards_and_health_reach_the_broker_and_home_assistant_is_told_what_there_is(scanner, port, tmp_path):
    with Broker(tmp_path, port), Listener(port) as listener, bridged(scanner, port):
        until_available(scanner, listener)
        scanner.health()
        told = json.loads(listener.until("card-scanner/bench/health").payload)
        assert (told["status"], told["frames_per_second"], told["cards_in_view"]) == ("ok", 30.0, 1)
        scanner.publish(card_message(name="Flabébé"))
        card = json.loads(listener.until("card-scanner/bench/card").payload)
        assert (card["name"], card["card_id"], card["set"], card["returned"]) == (
            "Flabébé",
            "ab-7",
            "First Light",
            False,
        )
        whole = listener.until("card-scanner/bench/confirmed")
        assert not whole.retain
        assert json.loads(whole.payload)["corners"][2] == [1.0, 1.4]
        scanner.publish(card_message(topic=Topic.LEFT))
        # Whoever comes late is told all that is retained.
        with Listener(port) as late:
            config = late.until("homeassistant/sensor/card-scanner-bench/card/config")
            assert config.retain
            assert json.loads(config.payload)["state_topic"] == "card-scanner/bench/card"


def test_a_bridge_that_starts_late_tells_the_card_that_lies_there(scanner, port, tmp_path):
    scanner.publish(card_message(name="Flabébé"))
    scanner.publish(card_message(topic=Topic.UPDATED))
    scanner.health()
    with Broker(tmp_path, port), Listener(port) as listener, bridged(scanner, port):
        assert json.loads(listener.until("card-scanner/bench/card").payload)["name"] == "Flabébé"


def test_a_broker_that_comes_late_or_is_started_again_without_memory_is_told_all(scanner, port, tmp_path):
    broker = Broker(tmp_path, port)
    with bridged(scanner, port) as failures:
        with broker, Listener(port) as listener:
            listener.until("card-scanner/bench/health")
            scanner.publish(card_message())
            listener.until("card-scanner/bench/card")
        with broker, Listener(port) as listener:
            wanted = {"homeassistant/binary_sensor/card-scanner-bench/problem/config", "card-scanner/bench/card"}
            while wanted:
                wanted.discard(listener.heard.get(timeout=30).topic)
        assert failures == []


def test_a_scanner_that_falls_silent_is_unavailable_until_it_speaks_again(scanner, port, tmp_path):
    with Broker(tmp_path, port), Listener(port) as listener, bridged(scanner, port):
        until_available(scanner, listener)
        listener.until("card-scanner/bench/available", "offline")
        scanner.health()
        listener.until("card-scanner/bench/available", "online")


def test_a_bridge_that_dies_is_told_by_the_broker_and_one_that_ends_says_so(scanner, port, tmp_path):
    own = f"card-scanner/bridge-{plain(socket.gethostname())}/available"
    command = [sys.executable, "-m", "edge.cli", "mqtt", "--connect", scanner.endpoint]
    environment = os.environ | {"CARD_SCANNER_MQTT__PORT": str(port)}
    with Broker(tmp_path, port), Listener(port) as listener:
        for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 130)):
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            listener.until(own, "online")
            process.send_signal(number)
            listener.until(own, "offline")
            assert process.wait(20) == code


def test_a_password_is_needed_and_a_wrong_one_is_one_sentence(scanner, port, tmp_path):
    users = tmp_path / "users"
    users.write_text("cards:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True, capture_output=True)
    (tmp_path / "right").write_text("secret\n")
    (tmp_path / "wrong").write_text("guess\n")
    with Broker(tmp_path, port, f"allow_anonymous false\npassword_file {users}"):
        with bridged(scanner, port, user="cards", password_file=tmp_path / "wrong") as failures:
            deadline = time.monotonic() + 30
            while not failures and time.monotonic() < deadline:
                time.sleep(0.05)
        assert "refuses the connection" in str(failures[0])
        assert "mqtt.password_file" in str(failures[0])
        right = {"user": "cards", "password_file": tmp_path / "right"}
        with bridged(scanner, port, **right), Listener(port, ("cards", "secret")) as listener:
            until_available(scanner, listener)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Bridge(MqttSettings(user="cards", password_file=tmp_path / "missing"))
