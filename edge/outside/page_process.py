"""The page as a child process, for commands that show a scanner."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from edge.errors import PublishError

_USUAL_PORT = 8080
_STOP_LIMIT_S = 3.0
_NEEDED = ("starlette", "uvicorn", "websockets")


@contextmanager
def page_process(endpoint: str, control: str) -> Iterator[str | None]:
    """`card-scanner page` for this machine alone, of the scanner at these sockets, from the beginning to the end.

    Yields:
        Its address; None where what it needs is not installed.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        yield None
        return
    port = _port()
    settings = {
        "CARD_SCANNER_PUBLISH__ENDPOINT": endpoint,
        "CARD_SCANNER_PUBLISH__CONTROL": control,
        "CARD_SCANNER_PAGE__HOST": "127.0.0.1",
        "CARD_SCANNER_PAGE__PORT": str(port),
    }
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "page"], env=os.environ | settings, stdin=quiet, stdout=quiet, stderr=quiet
    )
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        try:
            process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port() -> int:
    """The usual port, or a free one where that is taken."""
    for wanted in (_USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PublishError("no TCP port is free for the page; end programs that hold them")
