"""The studio's addresses."""

import os
import shlex
import signal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from edge.errors import ScannerError
from edge.page.access import is_local, same_origin
from edge.page.application import STATIC as PAGE_STATIC
from edge.page.bodies import read_form
from edge.page.headers import SecureHeaders
from training.engine import names
from training.engine.found_runs import find_run
from training.studio.events import events
from training.studio.processes import start
from training.studio.shown import shown_run, shown_runs

STATIC = Path(__file__).parent / "static"


class NewRun(BaseModel):
    """What a person asks for.

    Attributes:
        name: of the run.
        cards: folder of card images, or a number of simulated cards.
        metadata: list of the cards, with a folder.
        recipe: to follow.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")]
    cards: Annotated[str, Field(min_length=1)]
    metadata: str = ""
    recipe: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")] = "tiny"


class OnlyHere:
    """Lets requests of this machine's own browser through, and none that another page made."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            request, peer = Request(scope), scope.get("client")
            changes = request.method not in ("GET", "HEAD")
            if not is_local(peer[0] if peer else None, request.headers) or (
                changes and not same_origin(request.headers)
            ):
                answer = JSONResponse({"error": "The studio is for a browser on this machine."}, 403)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def application(runs: Path) -> Starlette:
    """Everything that is served of a folder of runs."""
    pages = _Pages(runs)
    return Starlette(
        routes=[
            Route("/runs", pages.listed, methods=["GET"]),
            Route("/runs", pages.begin, methods=["POST"]),
            Route("/runs/{name:path}/events", pages.followed),
            Route("/runs/{name:path}/stop", pages.stop, methods=["POST"]),
            Route("/runs/{name:path}/resume", pages.resume, methods=["POST"]),
            Mount("/page", StaticFiles(directory=PAGE_STATIC)),
            Mount("/", StaticFiles(directory=STATIC, html=True)),
        ],
        middleware=[Middleware(SecureHeaders), Middleware(OnlyHere)],
        exception_handlers={HTTPException: _refused, ScannerError: _refused},
    )


async def _refused(_request: Request, refusal: Exception) -> Response:
    if isinstance(refusal, HTTPException):
        return JSONResponse({"error": refusal.detail}, refusal.status_code)
    return JSONResponse({"error": f"{refusal}."}, 400)


class _Pages:
    """What answers requests."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs

    def listed(self, _request: Request) -> Response:
        """All runs."""
        return JSONResponse({"folder": str(self._runs.resolve()), "runs": shown_runs(self._runs)})

    async def begin(self, request: Request) -> Response:
        """Start a run."""
        asked = await read_form(request, NewRun)
        before = shown_run(self._runs, asked.name)
        # What failed before it came to training holds nothing, and may be tried again.
        if (self._runs / asked.name).exists() and (before is None or before["process"] or "command" in before):
            raise HTTPException(409, f"There is a run {asked.name} already: choose another name.")
        if not asked.cards.isdecimal():
            _check_cards(Path(asked.cards), asked.metadata)
        cards = asked.cards if asked.cards.isdecimal() else str(Path(asked.cards).resolve())
        arguments = ["student", "--name", asked.name, "--recipe", asked.recipe, "--cards", cards]
        arguments += ["--metadata", str(Path(asked.metadata).resolve())] if asked.metadata else []
        arguments += ["--runs", str(self._runs.resolve())]
        start(self._runs / asked.name, arguments)
        return JSONResponse({"name": asked.name}, 201)

    async def followed(self, request: Request) -> Response:
        """A run's history, as events."""
        name = self._known(request)
        place = request.headers.get("last-event-id", "")
        return StreamingResponse(events(self._runs, name, place), media_type="text/event-stream")

    def stop(self, request: Request) -> Response:
        """Have a run save a checkpoint and end."""
        run = shown_run(self._runs, self._known(request)) or {}
        if not run.get("process"):
            raise HTTPException(409, "This run is not running.")
        os.kill(int(run["process"]), signal.SIGTERM)
        return JSONResponse({})

    def resume(self, request: Request) -> Response:
        """Have a run go on by the command that it began with."""
        name = self._known(request)
        shown = shown_run(self._runs, name) or {}
        if not shown.get("can_resume"):
            raise HTTPException(409, "This run cannot go on: it is at work, or finished.")
        run = find_run(self._runs, name)
        arguments = shlex.split(str(run.description.get("command", "")))[1:]
        if not (run.folder / names.CHECKPOINT).exists() or not arguments:
            raise HTTPException(409, "This run has no checkpoint yet: start it again under another name.")
        resumed = [] if "--resume" in arguments else ["--resume"]
        start(run.folder, [*arguments, *resumed, "--runs", str(self._runs.resolve())])
        return JSONResponse({})

    def _known(self, request: Request) -> str:
        name = str(request.path_params["name"])
        if not all(part.strip(".") for part in name.split("/")) or shown_run(self._runs, name) is None:
            raise HTTPException(404, f"There is no run {name}.")
        return name


def _check_cards(folder: Path, metadata: str) -> None:
    """Say before anything is started what its first seconds would end with."""
    if not folder.is_dir():
        raise HTTPException(400, f"There is no folder {folder}.")
    if not metadata:
        raise HTTPException(400, "A folder of card images needs a list of its cards (JSON or CSV).")
    if not Path(metadata).is_file():
        raise HTTPException(400, f"There is no file {metadata}.")
