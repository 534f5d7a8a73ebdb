"""Addresses that are files of this machine: `ipc://`, Unix domain sockets."""

import socket
from pathlib import Path

_IPC = "ipc://"
# Its owner and group may connect.
_MODE = 0o660


def is_held(endpoint: str) -> bool:
    """Whether somebody listens on such an address: libzmq would take it from them without a word."""
    if not endpoint.startswith(_IPC):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(endpoint.removeprefix(_IPC))
        except OSError:
            return False
        return True


def restrict(endpoint: str) -> None:
    """Let only owner and group connect to an address that was bound; nothing where it is no file.

    Raises:
        OSError: if that is not possible.
    """
    if endpoint.startswith(_IPC):
        Path(endpoint.removeprefix(_IPC)).chmod(_MODE)
