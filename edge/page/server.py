"""Serves the page until it is told to end."""

import logging
import socket

import uvicorn

from edge.errors import PublishError
from edge.page.application import application
from edge.page.board import Board
from edge.page.cards import Cards
from edge.page.collection import Collection
from edge.page.desk import Desk
from edge.page.measuring import MeasuringDesk
from edge.page.passwords import Passwords
from edge.page.scanner import Scanner
from edge.settings.sections import PageSettings
from edge.settings.settings import Settings

# tcp(7): a connection whose other end takes nothing for so long is ended by the kernel, and its memory given back.
_USER_TIMEOUT_MS = 15_000
_MOST_AT_ONCE = 256
_END_S = 1

_log = logging.getLogger(__name__)


def serve(settings: Settings, passwords: Passwords) -> None:
    """Follow the scanner of these settings, and serve its page until SIGINT or SIGTERM.

    Raises:
        PublishError: if the address cannot be used.
    """
    board = Board()
    board.cards = Cards(settings.recognition.database)
    collection = Collection(settings.log.file, settings.page.inventory_file)
    scanner = Scanner(settings.publish, board)
    desk, measuring = Desk(board, collection), MeasuringDesk(board, scanner, collection)
    listening = _listen(settings.page)
    configuration = uvicorn.Config(
        application(board, scanner, desk, measuring, passwords),
        http="h11",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_keep_alive=15,
        ws_ping_interval=10,
        ws_ping_timeout=10,
        ws_max_size=1024,
        timeout_graceful_shutdown=_END_S,
    )
    uvicorn.Server(configuration).run(sockets=[listening])


def address(page: PageSettings) -> str:
    """What a browser on this machine is to open."""
    host = "127.0.0.1" if page.host in ("0.0.0.0", "::") else page.host  # noqa: S104 (compared, not bound)
    return f"http://{f'[{host}]' if ':' in host else host}:{page.port}/"


def _listen(page: PageSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in page.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
        listening.bind((page.host, page.port))
        listening.listen(128)
    except OSError as cause:
        listening.close()
        raise PublishError(
            f"page.host, page.port: {page.host}:{page.port} cannot be used ({cause.strerror}); is the page running "
            "already? Choose another port"
        ) from cause
    return listening
