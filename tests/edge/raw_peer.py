"""A peer that speaks ZeroMQ's wire protocol (ZMTP 3.0, rfc.zeromq.org/spec/23) by hand, and so need not behave."""

import socket
import struct

_GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


def raw_peer(port: int, kind: bytes) -> socket.socket:
    """A connection that has introduced itself as that kind of socket, such as b"SUB".

    Raises:
        OSError: if the other side ends it before.
    """
    peer = socket.create_connection(("127.0.0.1", port), timeout=10.0)
    try:
        peer.sendall(_GREETING)
        for _ in range(len(_GREETING)):
            if not peer.recv(1):
                raise ConnectionResetError("the other side has ended the connection")
        metadata = b"\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
        ready = b"\x05READY" + metadata
        peer.sendall(b"\x04" + bytes([len(ready)]) + ready)
        peer.recv(1000)
    except OSError:
        peer.close()
        raise
    return peer


def frame(body: bytes, *, more: bool = False) -> bytes:
    """One part of a message."""
    if len(body) < 256:
        return bytes([more, len(body)]) + body
    return bytes([more | 2]) + struct.pack(">Q", len(body)) + body


def flood(peer: socket.socket, block: bytes, limit_bytes: int) -> bool:
    """Send a block again and again; whether the other side has ended the connection before so many bytes were sent."""
    try:
        for _ in range(limit_bytes // len(block)):
            peer.sendall(block)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False
