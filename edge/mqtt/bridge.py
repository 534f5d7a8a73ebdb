"""The bridge: a client of the scanner, and one of the broker, each of which connects again by itself."""

import logging
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.client import Client, Received, Silent
from edge.errors import ConfigurationError, ScannerError
from edge.files.regular_files import read_utf8
from edge.mqtt.discovery import discovery
from edge.mqtt.topics import OFFLINE, ONLINE, Publication, availability, plain, publications
from edge.settings.sections import MqttSettings
from edge.wire.encoding import Message

_POLL_S = 0.2
_KEEPALIVE_S = 15
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1, 30
# Of some kB each, while the broker is away: what comes then is lost, the newest states are told anew.
_WAITING = 1000
_GOODBYE_S = 2.0
_AT_LEAST_ONCE = 1

_log = logging.getLogger(__name__)


class Bridge:
    """Takes messages of scanners to a broker. A context manager; its methods are for one thread.

    Each time that the broker is reached, all that is retained is told anew: it may have been started without memory.
    """

    def __init__(self, settings: MqttSettings) -> None:
        """Begin to connect; a broker that is not there yet is waited for.

        Raises:
            ConfigurationError: if the file with the password cannot be read.
        """
        self._settings = settings
        self._own = f"{settings.prefix}/bridge-{plain(socket.gethostname())}/available"
        self._retained: dict[str, Publication] = {}
        self._devices: dict[str, bool] = {}
        self._reached = threading.Event()
        self._refusal: str | None = None
        self._told_missing = False
        self._broker = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._broker.max_queued_messages_set(_WAITING)
        self._broker.reconnect_delay_set(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._broker.will_set(self._own, OFFLINE, _AT_LEAST_ONCE, retain=True)
        if settings.user is not None:
            self._broker.username_pw_set(settings.user, _password(settings.password_file))
        if settings.tls:
            self._broker.tls_set()
        self._broker.on_connect = self._on_connect
        self._broker.on_connect_fail = self._on_connect_fail
        self._broker.connect_async(settings.host, settings.port, _KEEPALIVE_S)
        self._broker.loop_start()

    def __enter__(self) -> "Bridge":
        """The bridge itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Say goodbye, and disconnect."""
        if self._broker.is_connected():
            self._publish(Publication(topic=self._own, payload=OFFLINE)).wait_for_publish(_GOODBYE_S)
        self._broker.disconnect()
        self._broker.loop_stop()

    def follow(self, client: Client) -> None:
        """Take in what comes next from scanners, or that nothing comes.

        Raises:
            ScannerError: if the broker refuses the connection.
            ProtocolError: if what comes is of no scanner of this version.
        """
        match client.receive(_POLL_S):
            case Received(message=message):
                self.take(message)
            case Silent():
                self._available(tuple(self._devices), available=False)
        if self._refusal is not None:
            raise ScannerError(
                f"the MQTT broker {self._settings.host}:{self._settings.port} refuses the connection "
                f"({self._refusal}); are mqtt.user and mqtt.password_file right?"
            )
        if self._reached.is_set():
            self._reached.clear()
            self._told_missing = False
            for each in (Publication(topic=self._own, payload=ONLINE), *self._retained.values()):
                self._publish(each)

    def take(self, message: Message) -> None:
        """Take in one message."""
        if message.device not in self._devices:
            for entity in discovery(self._settings.discovery, self._settings.prefix, message.device, self._own):
                self._tell(entity)
        if not self._devices.get(message.device):
            self._available((message.device,), available=True)
        for each in publications(self._settings.prefix, message):
            self._tell(each)

    def _available(self, devices: Sequence[str], *, available: bool) -> None:
        for device in devices:
            self._devices[device] = available
            self._tell(availability(self._settings.prefix, device, available=available))

    def _tell(self, publication: Publication) -> None:
        if publication.retain:
            self._retained[publication.topic] = publication
        if self._broker.is_connected():
            self._publish(publication)

    def _publish(self, publication: Publication) -> mqtt.MQTTMessageInfo:
        return self._broker.publish(publication.topic, publication.payload, _AT_LEAST_ONCE, retain=publication.retain)

    def _on_connect(
        self, _broker: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, code: ReasonCode, _more: Properties | None
    ) -> None:
        if code.is_failure:
            self._refusal = str(code)
        else:
            self._reached.set()

    def _on_connect_fail(self, _broker: mqtt.Client, _data: object) -> None:
        if not self._told_missing:
            self._told_missing = True
            _log.warning("no MQTT broker answers at %s:%d; it is tried again", self._settings.host, self._settings.port)


def _password(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return read_utf8(path).decode().strip()
    except (OSError, UnicodeDecodeError) as cause:
        raise ConfigurationError(f"mqtt.password_file: {path} cannot be read: {cause}") from cause
