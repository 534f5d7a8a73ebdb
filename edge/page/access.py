"""Who may see the page: this machine's own browser, and whoever gave the password."""

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from edge.page.passwords import Passwords

COOKIE = "card-scanner"
OPEN_PATHS = frozenset(("/login", "/login.js", "/style.css", "/icon.svg"))
"""What a browser needs to ask for the password."""
_LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_REMEMBERED = 256
# chosen: a person who mistypes waits a second; who guesses gets eight attempts a minute, and nobody is locked out.
_FIRST_DELAY_S, _LONGEST_DELAY_S = 1.0, 8.0


def is_local(peer: str | None, headers: Headers) -> bool:
    """Whether a request comes from a browser on this very machine.

    A page elsewhere may lead a browser here under its own name (DNS rebinding), and a proxy may pass on what comes from
    elsewhere: so the name must be this machine's own, too, and nothing may say that it was forwarded.
    """
    if peer is None or any(name in headers for name in _FORWARDED):
        return False
    try:
        name = urlsplit(f"//{headers.get('host', '')}").hostname
        return ipaddress.ip_address(peer).is_loopback and name in _LOCAL_NAMES
    except ValueError:
        return False


def same_origin(headers: Headers) -> bool:
    """Whether a request was made by a page of this very server, as far as a browser tells."""
    try:
        origin = urlsplit(headers.get("origin", ""))
    except ValueError:
        return False
    return origin.scheme in ("http", "https") and origin.netloc == headers.get("host")


class Delays:
    """How long whoever gave a wrong password waits before the next one is looked at."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._failures: OrderedDict[str, int] = OrderedDict()

    def of(self, peer: str) -> float:
        """Seconds."""
        failures = self._failures.get(peer, 0)
        return min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2 ** (failures - 1)) if failures else 0.0

    def note(self, peer: str, *, right: bool) -> None:
        """Take in how an attempt ended."""
        failures = 0 if right else self._failures.pop(peer, 0) + 1
        self._failures.pop(peer, None)
        if failures:
            self._failures[peer] = min(failures, 16)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)


class Gate:
    """Lets a request through, or asks for the password; a WebSocket is refused before it is accepted."""

    def __init__(self, app: ASGIApp, passwords: Passwords) -> None:
        """Stand before an application."""
        self._app = app
        self._passwords = passwords

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if changes and not same_origin(headers):
            await _refuse(scope, receive, send, "This was asked from another page.", 403)
        elif scope["path"] in OPEN_PATHS or self._admitted(scope, headers):
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/":
            await RedirectResponse("/login", 303)(scope, receive, send)
        else:
            await _refuse(scope, receive, send, "Sign in first: open this address in a browser.", 401)

    def _admitted(self, scope: Scope, headers: Headers) -> bool:
        peer = scope.get("client")
        if is_local(peer[0] if peer else None, headers):
            return True
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._passwords.is_token(token.strip()):
            return True
        return any(map(self._passwords.holds, _cookies(headers.getlist("cookie"))))


def _cookies(lines: Iterable[str]) -> list[str]:
    """The values of our cookie."""
    found = []
    for line in lines:
        try:
            jar = SimpleCookie(line)
        except CookieError:
            continue
        if COOKIE in jar:
            found.append(jar[COOKIE].value)
    return found


async def _refuse(scope: Scope, receive: Receive, send: Send, sentence: str, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4401 if status == 401 else 4403, "reason": sentence})
        return
    response: Response = JSONResponse({"error": sentence}, status)
    await response(scope, receive, send)


async def wait_out(delays: Delays, peer: str) -> None:
    """Wait as long as this peer has to."""
    await asyncio.sleep(delays.of(peer))
