"""All that the page shows of one scanner, each part with the revision at which it changed last.

Whoever looks on asks for what is newer than the revision that it has: one who is slow gets less often what holds then,
and nothing is kept for anybody.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from edge.page.cards import Cards
from edge.page.log import Log, Row, cards_per_hour
from edge.page.setup import Sight, setup_steps
from edge.page.views import card_view, row_view
from edge.wire.commands import StatusReply
from edge.wire.encoding import Message
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage, HealthMessage, TrackState

# chosen: five minutes at one message a second.
_HISTORY = 300
# chosen: intervals between health messages: silence is said within 3 s at the usual one, and a late message is none.
_SILENT_INTERVALS = 2.3
# chosen: three answers of a Raspberry Pi's come in half a second; who is not decided after this needs a person.
_DOUBT_S = 2.0

Clock = Callable[[], float]


class Board:
    """What is known of the scanner. Used in one event loop.

    Attributes:
        revision: counts up with every change.
        status: the scanner's newest answer to `status`.
        cards: the database that it uses.
        trouble: a sentence on what came that was not understood, else None.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """Start with nothing heard."""
        self.revision = 0
        self.status: StatusReply | None = None
        self.cards = Cards(None)
        self.trouble: str | None = None
        self.health: HealthMessage | None = None
        self.sight: Sight | None = None
        self.log = Log()
        self._clock = clock
        self._session: str | None = None
        self._heard_s: float | None = None
        self._tracks: dict[int, tuple[int, CardMessage]] = {}
        self._undecided: dict[int, float] = {}
        self._rows: dict[int, tuple[int, Row]] = {}
        self._history: deque[dict[str, float | None]] = deque(maxlen=_HISTORY)
        self._health_revision = 0
        self._collection = 0
        self._times: Sequence[float] | None = None
        self._connection = "waiting"
        self._changed = asyncio.Event()

    @property
    def session(self) -> str | None:
        """The run of the scanner that all this is of."""
        return self._session

    @property
    def live(self) -> bool:
        """Whether the scanner is heard."""
        return self._connection == "live"

    def corners_of(self, track_id: int) -> list[tuple[float, float]] | None:
        """The outline of a card in view, in pixels of the frame; None where it has left."""
        found = self._tracks.get(track_id)
        return None if found is None else list(found[1].corners)

    async def news(self) -> None:
        """Wait for the next change."""
        await self._changed.wait()

    def take(self, message: Message, temperature: float | None) -> None:
        """Take in one message."""
        self._begin(message.session)
        self._heard_s, self._connection, self.trouble = self._clock(), "live", None
        if isinstance(message, HealthMessage):
            self._take_health(message, temperature)
        else:
            self._take_card(message)
        self._tell()

    def recover(self, tracks: Sequence[CardMessage]) -> None:
        """Take in all that is in view, when the page came late or messages were lost."""
        for message in tracks:
            self._begin(message.session)
        present = {message.track_id for message in tracks}
        for track_id in [each for each in self._tracks if each not in present]:
            self._forget(track_id)
        for message in tracks:
            self._take_card(message)
        self._tell()

    def take_status(self, status: StatusReply, cards: Cards) -> None:
        """Take in the scanner's settings, and the database that it uses: names may be others now."""
        if status.session != self._session:
            return
        if cards is not self.cards:
            self.cards = cards
            self._tracks = {track_id: (self.revision + 1, each) for track_id, (_, each) in self._tracks.items()}
            self._rows = {number: (self.revision + 1, row) for number, (_, row) in self._rows.items()}
        self.status = status
        self._tell()

    def collected(self, revision: int, times: Sequence[float] | None) -> None:
        """Rows of the collection are new, or have been changed.

        Args:
            revision: of the collection.
            times: when each card of the present run was confirmed, seconds since 1970; None where that is not known.
        """
        self._collection, self._times = revision, times
        self._tell()

    def misunderstood(self, sentence: str) -> None:
        """What came is of no scanner of this version."""
        self._connection, self.trouble = "trouble", sentence
        self._tell()

    def tick(self) -> None:
        """Notice silence, and cards that stay undecided; to be called several times a second."""
        now = self._clock()
        interval_s = self.health.interval_s if self.health else 1.0
        if self.live and self._heard_s is not None and now - self._heard_s > _SILENT_INTERVALS * interval_s:
            self._connection = "silent"
            self._tell()
        for track_id, since in list(self._undecided.items()):
            if now - since > _DOUBT_S:
                del self._undecided[track_id]
                self._keep(self.log.doubt(self._tracks[track_id][1]))
                self._tell()

    def since(self, revision: int) -> Mapping[str, Any]:
        """What has changed after a revision; everything after -1."""
        whole = revision < 0
        shown: dict[str, Any] = {
            "revision": self.revision,
            "session": self._session,
            "connection": self._connection,
            "trouble": self.trouble,
            "present": list(self._tracks),
            "cards": [card_view(each, self.cards) for at, each in self._tracks.values() if at > revision],
            "rows": [row_view(row, self.cards) for at, row in self._rows.values() if at > revision],
            "totals": self._totals(),
            "collection": self._collection,
        }
        if self.health is not None and (whole or self._health_revision > revision):
            shown["health"] = self.health.model_dump(mode="json", exclude={"sequences"})
            shown["history"] = list(self._history) if whole else list(self._history)[-1:]
            shown["setup"] = setup_steps(self.status, self.health, self.sight, self.cards.trouble)
            shown["settings"] = self._settings()
        return shown

    def _begin(self, session: str) -> None:
        """Forget everything where the scanner was started again."""
        if session == self._session:
            return
        self._session, self.status, self.health, self.sight = session, None, None, None
        self.log = Log()
        self._tracks, self._rows, self._undecided = {}, {}, {}
        self._history.clear()

    def _take_card(self, message: CardMessage) -> None:
        if message.topic is Topic.LEFT:
            self._forget(message.track_id)
            return
        self._tracks[message.track_id] = (self.revision + 1, message)
        self._keep(self.log.add(message))
        if message.state is TrackState.STABILIZING:
            self._undecided.setdefault(message.track_id, self._clock())
        else:
            self._undecided.pop(message.track_id, None)

    def _forget(self, track_id: int) -> None:
        self._tracks.pop(track_id, None)
        self._undecided.pop(track_id, None)

    def _keep(self, row: Row | None) -> None:
        if row is not None:
            self._rows.pop(row.number, None)
            self._rows[row.number] = (self.revision + 1, row)
            while len(self._rows) > _HISTORY:
                del self._rows[min(self._rows)]

    def _take_health(self, message: HealthMessage, temperature: float | None) -> None:
        self.health, self._health_revision = message, self.revision + 1
        total = message.stages.get("total")
        self._history.append(
            {
                "fps": message.fps,
                "latency_ms": None if total is None else total.p50_ms,
                "temperature": temperature,
                "rss_mb": message.rss_mb,
                "dropped": message.frames_dropped,
            }
        )

    def _totals(self) -> dict[str, Any]:
        """By the scanner's log, which knows a card again after an interruption; else by what the page has heard."""
        times = self.log.times() if self._times is None else self._times
        return {
            "confirmed": self.log.confirmed if self._times is None else len(times),
            "per_hour": cards_per_hour(times, datetime.now(UTC).timestamp()),
        }

    def _settings(self) -> dict[str, Any] | None:
        if self.status is None:
            return None
        return {"sharpness": self.status.settings["selection"]["sharpness"], "paused": self.status.paused}

    def _tell(self) -> None:
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()
