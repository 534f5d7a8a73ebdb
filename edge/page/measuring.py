"""Where people measure a card by hand, and look at the report on it."""

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge.errors import StoreError
from edge.export.one_card import CardReport, ReportedFace, content_policy, write_report
from edge.inventory.faces import Face, FaceName, forget_face, put_face, read_faces
from edge.log.reading import LoggedScan, read_picture, read_scan
from edge.page.board import Board
from edge.page.bodies import read_body, read_form
from edge.page.collection import Collection, Held
from edge.page.rows import held_view
from edge.page.scanner import Scanner
from edge.wire.centering import CenteringReport

if TYPE_CHECKING:
    from types import ModuleType

# chosen: a phone's photo has up to 15 MB.
_LONGEST_PHOTO_BYTES = 30_000_000
_CENTERING: TypeAdapter[CenteringReport] = TypeAdapter(CenteringReport)

FourCorners = list[tuple[FiniteFloat, FiniteFloat]]


class LinesForm(BaseModel):
    """Where somebody has placed the card's corners and the print's, in pixels of the picture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outer: FourCorners = Field(min_length=4, max_length=4)
    inner: FourCorners = Field(min_length=4, max_length=4)


class TrackForm(BaseModel):
    """Which card under the camera it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    track: int


class MeasuringDesk:
    """Answers what a browser asks of a card's sides."""

    def __init__(self, board: Board, scanner: Scanner, collection: Collection) -> None:
        """Take pictures from that scanner, of the cards that the board has."""
        self._board = board
        self._scanner = scanner
        self._collection = collection

    @property
    def routes(self) -> list[Route]:
        """The addresses."""
        side = "/scans/{session}/{scan:int}/{face}"
        return [
            Route("/scans/{session}/{scan:int}/report", self.report),
            Route(side, self.face, methods=["GET"]),
            Route(f"{side}/picture", self.picture),
            Route(f"{side}/camera", self.camera, methods=["POST"]),
            Route(f"{side}/photo", self.photo, methods=["POST"]),
            Route(f"{side}/lines", self.lines, methods=["POST"]),
            Route(f"{side}/forget", self.forget, methods=["POST"]),
        ]

    async def report(self, request: Request) -> Response:
        """The report on one card."""
        held = self._held(request)
        text = await asyncio.to_thread(self._report, held)
        headers = {"Content-Security-Policy": content_policy(), "Cache-Control": "no-store"}
        return Response(text, media_type="text/html", headers=headers)

    async def face(self, request: Request) -> Response:
        """One side of a card: the size of its picture, and where lines are or may begin."""
        held, name = self._held(request), _face(request)
        return JSONResponse(await asyncio.to_thread(self._view, held, name), headers={"Cache-Control": "no-store"})

    async def picture(self, request: Request) -> Response:
        """The picture of that side; 204 where there is none."""
        face = await asyncio.to_thread(self._known, self._held(request), _face(request))
        if face is None:
            return Response(status_code=204)
        return Response(face.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def camera(self, request: Request) -> Response:
        """Take the picture of the card that lies under the camera."""
        held, name = self._held(request), _face(request)
        form = await read_form(request, TrackForm)
        frame = await self._scanner.snapshot()
        corners = self._board.corners_of(form.track)
        if frame is None or corners is None:
            return _wrong("The card has left, or the scanner does not answer. Lay it under the camera and try again.")
        return await self._kept(held, lambda: _handwork().face_of_frame(name, frame, corners))

    async def photo(self, request: Request) -> Response:
        """Take a photo of that side."""
        held, name = self._held(request), _face(request)
        content = await read_body(request, _LONGEST_PHOTO_BYTES)
        return await self._kept(held, lambda: _handwork().face_of_photo(name, content))

    async def lines(self, request: Request) -> Response:
        """Take the lines that somebody has placed."""
        held, name = self._held(request), _face(request)
        form = await read_form(request, LinesForm)
        known = await asyncio.to_thread(self._known, held, name)
        if known is None:
            return _wrong("There is no picture of this side yet; take one first.")
        return await self._kept(held, lambda: _handwork().measured(known, form.outer, form.inner))

    async def forget(self, request: Request) -> Response:
        """Forget picture and lines of that side."""
        held, name = self._held(request), _face(request)
        await asyncio.to_thread(forget_face, self._collection.inventory, held.session, held.scan, name)
        return await self.face(request)

    async def _kept(self, held: Held, make: Callable[[], Face]) -> Response:
        def keep() -> dict[str, Any]:
            face = make()
            put_face(self._collection.inventory, held.session, held.scan, face)
            return self._view(held, face.face)

        return JSONResponse(await asyncio.to_thread(keep), headers={"Cache-Control": "no-store"})

    def _view(self, held: Held, name: FaceName) -> dict[str, Any]:
        face = self._known(held, name)
        if face is None:
            return {"error": None, "pictured": False}
        width, height = _handwork().size_of(face)
        return {
            "error": None,
            "pictured": True,
            "width": width,
            "height": height,
            "outer": face.outer,
            "inner": face.inner or _handwork().usual_print(face.outer),
            "centering": None if face.centering is None else json.loads(face.centering),
        }

    def _known(self, held: Held, name: FaceName) -> Face | None:
        face = read_faces(self._collection.inventory, held.session, held.scan).get(name)
        if face is not None or name == "back":
            return face
        logged = read_picture(self._collection.log, held.session, held.scan)
        return None if logged is None else _handwork().face_of_log(logged)

    def _report(self, held: Held) -> str:
        logged = read_scan(self._collection.log, held.session, held.scan)
        if logged is None:
            raise StoreError("the log does not have this card any more")
        faces = read_faces(self._collection.inventory, held.session, held.scan)
        by_hand = [faces[name] for name in ("front", "back") if name in faces and faces[name].centering]
        named = held_view(held, self._board.cards, None, logged.card)
        report = CardReport(
            name=named["name"],
            place=named["place"],
            facts=_facts(held, logged),
            faces=[self._automatic(held, logged), *map(_reported, by_hand)],
        )
        return write_report(report)

    def _automatic(self, held: Held, logged: LoggedScan) -> ReportedFace:
        centering = None if logged.centering is None else _CENTERING.validate_json(logged.centering)
        picture = read_picture(self._collection.log, held.session, held.scan)
        return ReportedFace(face="front", picture=picture, centering=None if held.taken_for else centering)

    def _held(self, request: Request) -> Held:
        held = self._collection.of(request.path_params["session"], request.path_params["scan"])
        if held is None:
            raise HTTPException(404, "The log does not have this card any more.")
        return held


def _facts(held: Held, logged: LoggedScan) -> list[str]:
    facts = [f"Scanned {held.at[:10]} {held.at[11:16]} UTC", f"Card {held.card_id}", f"Database {logged.database}"]
    if held.taken_for is None and logged.probability is not None:
        facts.append(f"Recognised with {min(logged.probability, 0.999):.1%} probability")
    if held.taken_for is not None:
        facts.append(f"Named by hand; it was recognised as {held.taken_for}")
    said = [held.entry.condition, held.entry.language, held.entry.finish]
    return [*facts, *(each for each in said if each)]


def _reported(face: Face) -> ReportedFace:
    centering = None if face.centering is None else _CENTERING.validate_json(face.centering)
    return ReportedFace(face=face.face, picture=_handwork().flat_picture(face), centering=centering, by_hand=True)


def _face(request: Request) -> FaceName:
    name = request.path_params["face"]
    if name not in ("front", "back"):
        raise HTTPException(404, "A card has a front and a back.")
    return "back" if name == "back" else "front"


def _wrong(sentence: str) -> Response:
    return JSONResponse({"error": sentence})


def _handwork() -> "ModuleType":
    """Loaded with the first card that is measured: centering takes memory that most pages never need."""
    from edge.page import handwork

    return handwork
