"""The socket that results go out on."""

import zmq

from edge.settings.settings import PublishSettings
from edge.wire.encoding import Message, encode
from edge.wire.peers import Allowance, Peers

_LINGER_MS = 200
# A subscriber says hello, and what it wants: some hundred bytes.
_SUBSCRIBERS = Allowance(connections=64, connection_bytes=65_536, part_bytes=1024, waiting=16)


class Publisher:
    """A ZeroMQ PUB socket. It may be made in one thread and used in another, but not by two at a time.

    Sending never waits: a subscriber that is too slow loses messages, and sees so from the sequence numbers.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", settings: PublishSettings) -> None:
        """Bind the socket.

        Raises:
            PublishError: if the endpoint is invalid or in use.
        """
        self.sent = 0
        self.failed = 0
        self._socket = context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, settings.send_high_water_mark)
        self.peers = Peers(context, self._socket, settings.endpoint, "publish.endpoint", _SUBSCRIBERS)

    def send(self, message: Message) -> bool:
        """Send a message under its topic; whether that worked. A failure is counted."""
        try:
            self._socket.send_multipart(encode(message), zmq.NOBLOCK)
        except zmq.ZMQError:
            self.failed += 1
            return False
        self.sent += 1
        return True

    def close(self) -> None:
        """Close the socket; what is on its way gets a moment to arrive."""
        self.peers.close()
        self._socket.close(linger=_LINGER_MS)
