"""Where people say what cards are: rows of the collection, corrections, undo, batches and prices."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge.errors import StoreError
from edge.inventory.entry import Batch, Entry
from edge.inventory.faces import read_faces
from edge.inventory.price_file import read_price_file
from edge.inventory.writing import Edit, InventoryFile
from edge.log.reading import read_details, read_picture, read_scan, read_tracks
from edge.page.board import Board
from edge.page.bodies import read_body, read_form
from edge.page.collection import Collection, Held
from edge.page.rows import held_view, named_view, scan_view, summary_view

# layout: what a phone shows in some screens; more are asked for.
_ROWS = 60
_FOUND = 24
# chosen: 100,000 rows of a price list.
_LONGEST_PRICES_BYTES = 20_000_000

ResultT = TypeVar("ResultT")
Text = Field(default=None, max_length=80)
Condition = Literal["Mint", "NM", "LP", "MP", "HP", "Damaged"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class EditForm(_Form):
    """What is said of a scan; fields that are not sent stay, null ones are not said any more."""

    session: str
    scan: int
    quantity: int | None = Field(default=None, ge=-999, le=999)
    condition: Condition | None = None
    language: str | None = Text
    finish: str | None = Text
    card_id: str | None = None


class BatchForm(_Form):
    """What is said of all cards from now on."""

    label: str | None = Text
    mode: Literal["add", "subtract", "look"] = "add"
    condition: Condition | None = None
    language: str | None = Text
    finish: str | None = Text
    set_code: str | None = Text


class Desk:
    """Answers what a browser asks of the collection, and what it says of it."""

    def __init__(self, board: Board, collection: Collection) -> None:
        """Work on that collection, with the names of the board's cards."""
        self._board = board
        self._collection = collection
        self._file = InventoryFile(collection.inventory)

    @property
    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/scans", self.scans),
            Route("/scans/{session}/{scan:int}", self.scan),
            Route("/scans/{session}/{scan:int}/picture", self.picture),
            Route("/find", self.find),
            Route("/sets", self.sets),
            Route("/edit", self.edit, methods=["POST"]),
            Route("/undo", self.undo, methods=["POST"]),
            Route("/redo", self.redo, methods=["POST"]),
            Route("/batch", self.begin, methods=["POST"]),
            Route("/prices", self.prices, methods=["POST"]),
        ]

    async def follow(self) -> None:
        """Look after changes until cancelled, and tell the board of them."""
        with suppress(StoreError):  # the collection tells it
            await asyncio.to_thread(self._file.prepare)
        while True:
            news = asyncio.create_task(self._board.news())
            await self._refresh()
            await asyncio.wait({news}, timeout=_LOOK_S)
            news.cancel()

    async def scans(self, request: Request) -> Response:
        """The newest rows, or those before the row `before`; and what there is in all."""
        rows, cards = self._collection.rows, self._board.cards
        before = _whole(request.query_params.get("before"))
        end = len(rows) if before is None else next((k for k, row in enumerate(rows) if row.scan >= before), len(rows))
        shown = rows[max(0, end - _ROWS) : end][::-1]
        tracks = await self._read(lambda: self._tracks(shown)) or {}
        strange = [row.scan for row in shown if cards.details(row.card_id) is None]
        logged = await self._read(lambda: read_details(self._collection.log, strange)) or {} if strange else {}
        return _said(
            {
                "revision": self._collection.revision,
                "trouble": self._collection.trouble,
                "rows": [
                    held_view(row, self._board.cards, tracks.get(row.scan), logged.get(row.scan)) for row in shown
                ],
                "more": end > _ROWS,
                "summary": summary_view(self._collection),
            }
        )

    async def scan(self, request: Request) -> Response:
        """All that is known of one row."""
        held = self._held(request)
        logged = await self._read(lambda: read_scan(self._collection.log, held.session, held.scan))
        if logged is None:
            raise HTTPException(404, "The log does not have this card any more.")
        tracks = await self._read(lambda: self._tracks([held])) or {}
        faces = await self._read(lambda: read_faces(self._collection.inventory, held.session, held.scan)) or {}
        return _said(scan_view(held, logged, faces.values(), self._board.cards, tracks.get(held.scan)))

    async def picture(self, request: Request) -> Response:
        """What the camera saw; 204 where the log has let it go."""
        held = self._held(request)
        picture = await self._read(lambda: read_picture(self._collection.log, held.session, held.scan))
        if picture is None:
            return Response(status_code=204)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})

    async def find(self, request: Request) -> Response:
        """Cards by name, set or number."""
        cards = self._board.cards
        found = cards.search.find(request.query_params.get("q", ""), _FOUND)
        return _said({"cards": [named_view(card_id, cards) for card_id in found], "trouble": cards.trouble})

    async def sets(self, _request: Request) -> Response:
        """The sets of the database."""
        return _said({"sets": [{"code": code, "name": name} for code, name in self._board.cards.sets]})

    async def edit(self, request: Request) -> Response:
        """Say something of a scan."""
        form = await read_form(request, EditForm)
        held = self._collection.of(form.session, form.scan)
        if held is None:
            return _said({"error": "The log does not have this card any more; it was removed because the log is full."})
        said = form.model_dump(include=form.model_fields_set - {"session", "scan"})
        picture = None
        if "card_id" in said:
            said |= self._correction(held, said["card_id"])
            picture = await self._read(lambda: read_picture(self._collection.log, held.session, held.scan))
        after = replace(self._collection.said.said(held.session, held.scan), **said)
        return await self._changed(lambda: self._file.change(held.session, held.scan, after, picture))

    async def undo(self, _request: Request) -> Response:
        """Take the newest change back."""
        return await self._turned(self._file.undo, "Undone", "Nothing is left to undo.")

    async def redo(self, _request: Request) -> Response:
        """Do again what was undone last."""
        return await self._turned(self._file.redo, "Done again", "Nothing was undone.")

    async def begin(self, request: Request) -> Response:
        """Begin a batch."""
        form = await read_form(request, BatchForm)
        batch = Batch(
            label=form.label or None,
            mode=form.mode,
            condition=form.condition,
            language=form.language or None,
            finish=form.finish or None,
            set_code=form.set_code or None,
        )
        return await self._changed(lambda: self._file.begin(batch))

    async def prices(self, request: Request) -> Response:
        """Take the prices of a CSV file."""
        asked = request.query_params
        try:
            as_of = date.fromisoformat(asked.get("as_of", "")).isoformat()
            text = (await read_body(request, _LONGEST_PRICES_BYTES)).decode("utf-8")
        except UnicodeDecodeError:
            return _said({"error": "This file is not UTF-8 text; save it as 'CSV UTF-8'."})
        except ValueError:
            return _said({"error": "Say the day of the prices."})
        currency, name = asked.get("currency", "").strip().upper(), asked.get("name", "").strip()[:80] or "prices.csv"
        if len(currency) != 3 or not currency.isalpha():
            return _said({"error": "Say the currency by its three letters, such as EUR or USD."})
        search, cards = self._board.cards.search, self._board.cards
        found = await asyncio.to_thread(
            read_price_file, text, search.at, lambda card_id: cards.details(card_id) is not None
        )
        if not found.prices:
            return _said({"error": f"No price was taken: {found.sentence}"})
        return await self._changed(
            lambda: self._file.put_prices(name, as_of, currency, found.prices), said=found.sentence
        )

    def _correction(self, held: Held, card_id: str | None) -> dict[str, str | None]:
        logged = held.taken_for or held.card_id
        if card_id is None or card_id == logged:
            return {"card_id": None, "card": None}
        details = self._board.cards.details(card_id)
        if details is None:
            raise HTTPException(400, f"The database has no card {card_id}.")
        return {"card_id": card_id, "card": details.model_dump_json()}

    async def _turned(self, turn: Callable[[], Edit | None], done: str, nothing: str) -> Response:
        edit = await asyncio.to_thread(turn)
        if edit is None:
            return _said({"error": nothing})
        await self._refresh()
        held = self._collection.of(edit.session, edit.scan)
        name = "a card" if held is None else named_view(held.card_id, self._board.cards)["name"]
        said = f"{done}: {name}, {_what(edit)}."
        return _said({"error": None, "said": said, "session": edit.session, "scan": edit.scan})

    async def _changed(self, change: Callable[[], None], said: str | None = None) -> Response:
        await asyncio.to_thread(change)
        await self._refresh()
        return _said({"error": None, "said": said})

    async def _refresh(self) -> None:
        if await asyncio.to_thread(self._collection.refresh):
            self._board.collected(self._collection.revision, self._collection.times_of(self._board.session))

    async def _read(self, read: Callable[[], ResultT]) -> ResultT | None:
        try:
            return await asyncio.to_thread(read)
        except StoreError:  # which the collection tells, too
            return None

    def _tracks(self, rows: Sequence[Held]) -> dict[int, int]:
        session = self._board.session
        scans = [row.scan for row in rows if row.session == session]
        return read_tracks(self._collection.log, session, scans) if session is not None and scans else {}

    def _held(self, request: Request) -> Held:
        held = self._collection.of(request.path_params["session"], request.path_params["scan"])
        if held is None:
            raise HTTPException(404, "The log does not have this card any more.")
        return held


# chosen: what another program, or another page, has changed is seen soon enough.
_LOOK_S = 1.0


def _plain(entry: Entry) -> dict[str, Any]:
    return {each.name: getattr(entry, each.name) for each in fields(Entry) if each.name != "card"}


def _what(edit: Edit) -> str:
    before, after = _plain(edit.before), _plain(edit.after)
    return " and ".join(name.replace("card_id", "which card") for name in before if before[name] != after[name])


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


def _said(content: dict[str, Any]) -> Response:
    return JSONResponse(content, headers={"Cache-Control": "no-store"})
