"""Who may connect from other machines: those with a key, by ZeroMQ's CURVE and ZAP (rfc.zeromq.org/spec/27)."""

import ipaddress
import logging

import zmq
from zmq.utils import z85

from edge.errors import ConfigurationError, PublishError
from edge.wire.keys import OWN, ClientKey, KeyFolder

_ZAP_ENDPOINT = "inproc://zeromq.zap.01"
_ZAP_VERSION = b"1.0"
_DOMAIN = b"card-scanner"

_log = logging.getLogger(__name__)


class Access:
    """Is asked by libzmq about everybody who connects to a protected socket. Once those are made, for one thread."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", keys: KeyFolder) -> None:
        """Ask nobody yet; `keys` has the scanner's key and those of whom it lets in."""
        self._context = context
        self._keys = keys
        self._version = 0
        self._names: dict[bytes, str] = {}
        self._questions: zmq.Socket[bytes] | None = None

    def protect(self, bound: "zmq.Socket[bytes]", endpoint: str, setting: str) -> None:
        """Let only programs with a key connect to a socket that is about to be bound.

        Raises:
            PublishError: naming the setting, if there are no keys.
        """
        try:
            server = self._keys.server()
        except ConfigurationError as cause:
            raise PublishError(
                f"{setting}: {endpoint} can be reached from other machines, and so needs keys: {cause}, "
                "or choose an address of this machine, such as tcp://127.0.0.1:5556"
            ) from cause
        if self._questions is None:
            self._questions = self._context.socket(zmq.REP)
            self._questions.bind(_ZAP_ENDPOINT)
            self._take_in_keys()
        bound.setsockopt(zmq.CURVE_SERVER, 1)
        bound.setsockopt(zmq.CURVE_SECRETKEY, server.secret_key.encode())
        bound.setsockopt(zmq.ZAP_DOMAIN, _DOMAIN)
        # Without an answer nobody is let in.
        bound.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)

    def check(self) -> bool:
        """Answer who asks to connect, to be called often; whether keys were added or revoked since the last call."""
        if self._questions is None:
            return False
        changed = self._keys.version() != self._version
        if changed:
            self._take_in_keys()
        while self._questions.poll(0):
            self._questions.send_multipart(self._answer(self._questions.recv_multipart()))
        return changed

    def close(self) -> None:
        """Answer no longer."""
        if self._questions is not None:
            self._questions.close(linger=0)

    def _take_in_keys(self) -> None:
        """A file that cannot be read lets nobody in, and is told; the others do."""
        self._version = self._keys.version()
        try:
            clients = {name: client.public_key for name, client in self._keys.clients().items()}
        except ConfigurationError as cause:
            _log.error("nobody with a key is let in: %s", cause)
            clients = {}
        clients[OWN] = self._keys.server().public_key
        self._names = {z85.decode(public_key.encode()): name for name, public_key in clients.items()}

    def _answer(self, question: list[bytes]) -> list[bytes]:
        """Version, request id, status, its text, user, metadata."""
        request_id = question[1] if len(question) > 1 else b""
        name = None
        if len(question) == 7 and question[0] == _ZAP_VERSION and question[5] == b"CURVE":
            name = self._names.get(question[6])
        if name is not None:
            return [_ZAP_VERSION, request_id, b"200", b"OK", name.encode(), b""]
        address = question[3].decode(errors="replace") if len(question) > 3 else "somewhere"
        _log.warning("a program on %s is refused: its key is not known, or revoked", address)
        return [_ZAP_VERSION, request_id, b"400", b"no such key", b"", b""]


def is_local(endpoint: str) -> bool:
    """Whether only programs of this machine can reach an address."""
    transport, _, address = endpoint.partition("://")
    if transport != "tcp":
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def show_key(socket: "zmq.Socket[bytes]", key: ClientKey | None) -> None:
    """Let a socket that is about to connect show its key; None connects to a scanner on this machine."""
    if key is not None:
        socket.setsockopt(zmq.CURVE_SERVERKEY, key.server_key.encode())
        socket.setsockopt(zmq.CURVE_PUBLICKEY, key.public_key.encode())
        socket.setsockopt(zmq.CURVE_SECRETKEY, key.secret_key.encode())
