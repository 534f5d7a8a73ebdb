"""Follows a scanner: its messages always, its pictures only while somebody wants one."""

import asyncio
import base64
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import zmq
import zmq.asyncio

from edge.client import AsyncClient, AsyncControl, Received, Recovered
from edge.errors import NoAnswerError, ProtocolError, RefusedError
from edge.page.board import Board
from edge.page.cards import Cards
from edge.page.setup import Sight
from edge.settings.sections import PublishSettings
from edge.wire.commands import PreviewReply, Reply, SnapshotReply, StatusReply
from edge.wire.encoding import Message
from edge.wire.preview import PREVIEW, PreviewMessage, decode_preview

_LONGEST_PART_BYTES = 4_000_000
_TICK_S = 0.1
_REPLY_S = 2.0
# chosen: what a pause or another database changes is seen soon enough, for a request that costs a millisecond.
_STATUS_S = 2.0
_WANTED_S = 3.0
# Linux: the sensor of the processor, in thousandths of a degree.
_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")

ReplyT = TypeVar("ReplyT", bound=Reply)
Picture = tuple[PreviewMessage, bytes]

_log = logging.getLogger(__name__)


class Scanner:
    """The page's ends of a scanner's sockets. Used in one event loop."""

    def __init__(self, publish: PublishSettings, board: Board) -> None:
        """Follow the scanner of these settings, once `run` is called, and write what it says to `board`."""
        self._publish = publish
        self._board = board
        self._context = zmq.asyncio.Context()
        self._status_due = asyncio.Event()
        self._session: str | None = None
        self._picture: Picture | None = None
        self._newer = asyncio.Event()
        self._wanted = asyncio.Event()
        self._wanted_until_s = 0.0
        self._cards = Cards(None)
        self._cards_of: tuple[str, str | None] | None = None

    async def run(self) -> None:
        """Follow it until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for each in (self._results, self._statuses, self._pictures, self._ticks):
                    tasks.create_task(each())
        finally:
            self._context.destroy(linger=0)

    async def picture_after(self, key: str, timeout_s: float) -> tuple[str, Picture] | None:
        """The newest picture, as soon as there is another one than that of `key`; None where none comes in time."""
        ends_s = time.monotonic() + timeout_s
        while True:
            self._wanted_until_s = time.monotonic() + _WANTED_S
            self._wanted.set()
            if self._picture is not None and (found := key_of(self._picture[0])) != key:
                return found, self._picture
            rest_s = ends_s - time.monotonic()
            if rest_s <= 0:
                return None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._newer.wait(), min(rest_s, _WANTED_S / 2))

    async def snapshot(self) -> bytes | None:
        """The newest frame as the scanner has it, JPEG; None where nobody answers."""
        reply = await self._ask("snapshot", SnapshotReply)
        return None if reply is None or reply.image is None else base64.b64decode(reply.image)

    async def _results(self) -> None:
        async with AsyncClient(self._publish.endpoint, control=self._publish.control) as client:
            while True:
                try:
                    event = await client.receive()
                except (ProtocolError, RefusedError) as cause:
                    self._board.misunderstood(f"{cause}.")
                    continue
                match event:
                    case Received(message=message):
                        self._hear(message)
                    case Recovered(tracks=tracks):
                        self._board.recover(tracks)

    def _hear(self, message: Message) -> None:
        if message.session != self._session:
            self._session, self._picture = message.session, None
            self._status_due.set()
        self._board.take(message, temperature())

    async def _statuses(self) -> None:
        """Ask now and then whether it is paused, and which database it uses."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._status_due.wait(), _STATUS_S)
            self._status_due.clear()
            status = await self._ask("status", StatusReply) if self._board.live else None
            if status is None:
                continue
            folder = str(status.settings["recognition"]["database"])
            database = (folder, None if status.health is None else status.health.database)
            if database != self._cards_of:
                self._cards, self._cards_of = await asyncio.to_thread(Cards, Path(folder)), database
            self._board.take_status(status, self._cards)

    async def _pictures(self) -> None:
        while True:
            self._wanted.clear()
            await self._wanted.wait()
            where = await self._ask("preview", PreviewReply)
            if where is None:
                await asyncio.sleep(_TICK_S)
                continue
            await self._watch(where.endpoint.replace("//0.0.0.0:", "//127.0.0.1:"))

    async def _watch(self, endpoint: str) -> None:
        """Take pictures until nobody wants one, or none comes: the scanner may have been started again elsewhere."""
        session = self._session
        with self._subscriber(endpoint, PREVIEW, high_water_mark=2) as socket:
            while time.monotonic() < self._wanted_until_s and session == self._session:
                if await socket.poll(round(1000 * _TICK_S)):
                    self._show(await socket.recv_multipart())

    def _show(self, parts: list[bytes]) -> None:
        try:
            self._picture = decode_preview(parts)
        except ProtocolError as cause:
            _log.warning("%s", cause)
            return
        message = self._picture[0]
        sharpness = max((card.sharpness for card in message.cards), default=None)
        self._board.sight = Sight(sharpness=sharpness, mean=message.exposure.mean, white=message.exposure.white)
        self._newer.set()
        self._newer = asyncio.Event()

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._board.tick()

    async def _ask(self, command: str, kind: type[ReplyT]) -> ReplyT | None:
        """Give a command; None where nobody answers, or answers otherwise."""
        try:
            async with AsyncControl(self._publish.control, _REPLY_S) as control:
                return await control.ask(kind, command)
        except NoAnswerError:
            return None
        except (ProtocolError, RefusedError) as cause:
            _log.warning("%s: %s", command, cause)
            return None

    def _subscriber(self, endpoint: str, topic: bytes, *, high_water_mark: int) -> zmq.asyncio.Socket:
        socket = self._context.socket(zmq.SUB)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVHWM, high_water_mark)
        socket.setsockopt(zmq.MAXMSGSIZE, _LONGEST_PART_BYTES)
        socket.setsockopt(zmq.SUBSCRIBE, topic)
        socket.connect(endpoint)
        return socket


def key_of(message: PreviewMessage) -> str:
    """Names one picture, also among those of several runs of the scanner."""
    return f"{message.session}-{message.frame_id}"


def temperature(read: Callable[[], str] = lambda: _THERMAL.read_text(encoding="ascii")) -> float | None:
    """Of the processor, in degrees Celsius; None on a machine that does not tell."""
    try:
        return int(read()) / 1000
    except (OSError, ValueError):
        return None
