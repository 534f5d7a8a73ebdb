"""The page's addresses."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from edge.errors import ScannerError
from edge.page.access import COOKIE, Delays, Gate, wait_out
from edge.page.board import Board
from edge.page.bodies import read_form
from edge.page.bounds import Bounded
from edge.page.desk import Desk
from edge.page.headers import SecureHeaders
from edge.page.measuring import MeasuringDesk
from edge.page.metrics import CONTENT_TYPE, metrics
from edge.page.passwords import Passwords
from edge.page.scanner import Scanner

STATIC = Path(__file__).parent / "static"
_FRAME_S = 2.0
_BEAT_S = 1.0
_SEND_S = 5.0


class _LoginForm(BaseModel):
    code: str = ""
    password: str = ""


def application(
    board: Board, scanner: Scanner, desk: Desk, measuring: MeasuringDesk, passwords: Passwords
) -> Starlette:
    """Everything that is served; `scanner` and `desk` follow what happens as long as it is."""

    @asynccontextmanager
    async def following(_app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(each) for each in (scanner.run(), desk.follow())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    pages = _Pages(board, scanner, passwords)
    routes = [
        Route("/frame", pages.frame),
        Route("/card/{card_id}", pages.card),
        Route("/metrics", pages.metrics),
        Route("/login", pages.login_form, methods=["GET"]),
        Route("/login", pages.login, methods=["POST"]),
        WebSocketRoute("/news", pages.news),
        *desk.routes,
        *measuring.routes,
        Mount("/", StaticFiles(directory=STATIC, html=True)),
    ]
    middleware = [
        Middleware(Bounded),
        Middleware(SecureHeaders),
        Middleware(Gate, passwords=passwords),
    ]
    return Starlette(
        routes=routes,
        middleware=middleware,
        lifespan=following,
        exception_handlers={HTTPException: _refused, ScannerError: _refused},
    )


async def _refused(_request: Request, refusal: Exception) -> Response:
    """What cannot be done is answered with a sentence; it is a fault of the request's only where that says so."""
    if isinstance(refusal, HTTPException):
        return JSONResponse({"error": refusal.detail}, refusal.status_code)
    return JSONResponse({"error": f"{refusal}."})


class _Pages:
    """What answers requests."""

    def __init__(self, board: Board, scanner: Scanner, passwords: Passwords) -> None:
        self._board = board
        self._scanner = scanner
        self._passwords = passwords
        self._delays = Delays()
        self._one_at_a_time = asyncio.Lock()

    async def frame(self, request: Request) -> Response:
        """The newest picture that is another one than `after`, with its outlines in a header; 204 where none comes."""
        found = await self._scanner.picture_after(request.query_params.get("after", ""), _FRAME_S)
        if found is None:
            return Response(status_code=204)
        key, (message, jpeg) = found
        headers = {"X-Key": key, "X-Frame": message.model_dump_json(), "Cache-Control": "no-store"}
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    async def card(self, request: Request) -> Response:
        """A card's reference picture; 204 where the database has none."""
        picture = self._board.cards.picture(request.path_params["card_id"])
        if picture is None:
            return Response(status_code=204)
        return Response(picture, media_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})

    async def metrics(self, _request: Request) -> Response:
        """For Prometheus."""
        return PlainTextResponse(metrics(self._board), media_type=CONTENT_TYPE)

    async def news(self, socket: WebSocket) -> None:
        """What holds, and then what changes: as often as this one reads, and never more than the newest."""
        await socket.accept()
        listener = asyncio.create_task(_until_gone(socket))
        try:
            revision = -1
            while not listener.done():
                shown = self._board.since(revision)
                async with asyncio.timeout(_SEND_S):
                    await socket.send_text(json.dumps(shown, ensure_ascii=False, separators=(",", ":")))
                revision = int(shown["revision"])
                if self._board.revision == revision:
                    news = asyncio.create_task(self._board.news())
                    await asyncio.wait({news, listener}, timeout=_BEAT_S, return_when=asyncio.FIRST_COMPLETED)
                    news.cancel()
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return
        finally:
            listener.cancel()

    async def login_form(self, _request: Request) -> Response:
        """Asks for the password, or for the set-up code and a new one."""
        return FileResponse(STATIC / "login.html", headers={"Cache-Control": "no-store"})

    async def login(self, request: Request) -> Response:
        """Take a password, or a set-up code with a new one; a wrong one costs time."""
        given = await read_form(request, _LoginForm)
        peer = request.client.host if request.client else ""
        await wait_out(self._delays, peer)
        async with self._one_at_a_time:
            wrong = await asyncio.to_thread(self._check, given.code, given.password)
        self._delays.note(peer, right=wrong is None)
        if wrong is not None:
            return Response(json.dumps({"error": wrong}), media_type="application/json")
        cookie, lasts_s = self._passwords.cookie()
        response = Response(json.dumps({"error": None}), media_type="application/json")
        response.set_cookie(COOKIE, cookie, max_age=lasts_s, httponly=True, samesite="strict", path="/")
        return response

    def _check(self, code: str, password: str) -> str | None:
        """What is wrong, as a sentence."""
        if code:
            return self._passwords.set_password(code, password)
        if not self._passwords.is_set:
            return "No password is set yet: give the set-up code, too ('sudo card-scanner page code' shows it)."
        if self._passwords.is_right(password):
            return None
        return "That is not the password. Forgotten? 'sudo card-scanner page code' gives a code that sets a new one."


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
