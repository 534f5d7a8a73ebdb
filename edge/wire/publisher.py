"""The socket that results go out on."""

import zmq

from edge.settings.sections import PublishSettings
from edge.wire.access import Access
from edge.wire.encoding import Message, encode
from edge.wire.envelope import Topic
from edge.wire.peers import Allowance, Peers
from edge.wire.retained import Parts, Retained

_LINGER_MS = 200
# A subscriber says hello, and what it wants: some hundred bytes.
_SUBSCRIBERS = Allowance(connections=64, connection_bytes=65_536, part_bytes=1024, waiting=16)
# Of the output thread's time subscriptions take a millisecond at most, however many come.
_WELCOMED_AT_ONCE = 64
_SUBSCRIBE, _UNSUBSCRIBE = b"\x01", b"\x00"


class Publisher:
    """A ZeroMQ XPUB socket. It may be made in one thread and used in another, but not by two at a time.

    Sending never waits: a subscriber that is too slow loses messages, and sees so from the sequence numbers.

    Attributes:
        retained: what was published and still holds; safe between threads.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", settings: PublishSettings, access: Access | None = None
    ) -> None:
        """Bind the socket; without `access` only programs on this machine may connect.

        Raises:
            PublishError: if the endpoint is invalid or in use.
        """
        self.sent = 0
        self.failed = 0
        self.retained = Retained()
        self._out_of_step = False
        self._socket = context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, settings.send_high_water_mark)
        self._socket.setsockopt(zmq.XPUB_MANUAL_LAST_VALUE, 1)
        self.peers = Peers(context, self._socket, settings.endpoint, "publish.endpoint", _SUBSCRIBERS, access)

    def send(self, message: Message) -> bool:
        """Send a message under its topic; whether that worked. A failure is counted."""
        parts = encode(message)
        self.retained.add(message, parts)
        try:
            self._socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.ZMQError:
            self.failed += 1
            return False
        self.sent += 1
        return True

    def welcome(self) -> None:
        """Take in new subscriptions, and send each the newest message that it matches, or else health.

        From the first health message on; until then subscribers wait, and miss nothing that they would not be told.
        After each subscription that is taken in, libzmq sends the next message to that subscriber alone
        (ZMQ_XPUB_MANUAL_LAST_VALUE): so one is sent in any case; whoever knows it sees that by its sequence.
        """
        health = self.retained.health()
        if health is None:
            return
        for _ in range(_WELCOMED_AT_ONCE):
            if not self._socket.poll(0):
                self._out_of_step = False
                return
            request = self._socket.recv(copy=False)
            last = self._take_in(request)
            self._socket.send_multipart(last or health, zmq.NOBLOCK)

    def _take_in(self, request: zmq.Frame) -> Parts | None:
        """What is to be sent to who asks.

        Whoever sends anything but subscriptions brings libzmq's account of who asks out of step, until nothing more
        waits: all that asked meanwhile are disconnected, connect again by themselves, and ask again.
        """
        kind, topic = request.bytes[:1], request.bytes[1:]
        self._out_of_step = self._out_of_step or kind not in (_SUBSCRIBE, _UNSUBSCRIBE)
        if self._out_of_step:
            self.peers.disconnect(request)
        elif kind == _UNSUBSCRIBE:
            self._socket.setsockopt(zmq.UNSUBSCRIBE, topic)
        elif any(each.encode().startswith(topic) for each in Topic):
            self._socket.setsockopt(zmq.SUBSCRIBE, topic)
            return self.retained.matching(topic)
        return None

    def close(self) -> None:
        """Close the socket; what is on its way gets a moment to arrive."""
        self.peers.close()
        self._socket.close(linger=_LINGER_MS)
