"""How a connection is noticed to be dead whose machine has vanished, at either end: TCP alone would take hours."""

from typing import Any

import zmq

# Asked after 3 s without anything, once a second, three times: as long as three heartbeats and three more.
_OPTIONS = {zmq.TCP_KEEPALIVE: 1, zmq.TCP_KEEPALIVE_IDLE: 3, zmq.TCP_KEEPALIVE_INTVL: 1, zmq.TCP_KEEPALIVE_CNT: 3}


def keep_alive(socket: "zmq.Socket[Any]") -> None:
    """Let the kernel ask for signs of life on the connections of a socket; it costs the peer's allowance nothing."""
    for option, value in _OPTIONS.items():
        socket.setsockopt(option, value)
