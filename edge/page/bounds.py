"""Ends the answer to whoever does not take it, so that nobody holds a handler for good."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# chosen: a phone at the far end of a shop takes a picture in less; a stuck one does not come back.
_TAKEN_S = 10.0


class Bounded:
    """Gives each part of an answer so long to be taken."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def bounded(message: Message) -> None:
            async with asyncio.timeout(_TAKEN_S):
                await send(message)

        try:
            await self._app(scope, receive, bounded)
        except TimeoutError:
            return
