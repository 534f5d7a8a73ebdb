"""What was scanned while the page ran: one row a physical card, with what it makes of the count."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from edge.wire.messages import CardMessage, TrackState

# chosen: a day's work at a busy bench; older rows leave the page, not the counts.
_KEPT_ROWS = 2000
# chosen: the pace of the last quarter of an hour, not of the lunch break before.
_PACE_S = 900.0
_LEAST_PACE_S = 10.0


class Kind(StrEnum):
    """What a row is, and which sound it has."""

    NEW = "new"
    AGAIN = "again"
    DOUBTFUL = "doubtful"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One card that was laid down.

    Attributes:
        number: counts up from 0; a row that is corrected keeps its own.
        track_id: of the scanner's.
        at: UTC, ISO 8601.
        kind: what came of it.
        card_id: the card; None where it is unknown or doubtful.
        before: copies of the card before this one; 0 where there is none.
        message: the newest about it.
    """

    number: int
    track_id: int
    at: str
    kind: Kind
    card_id: str | None
    before: int
    message: CardMessage


class Log:
    """The rows of one run of the scanner."""

    def __init__(self) -> None:
        """Start empty."""
        self.confirmed = 0
        self.counts: Counter[str] = Counter()
        self._rows: deque[Row] = deque(maxlen=_KEPT_ROWS)
        self._by_track: dict[int, Row] = {}
        self._next = 0

    def __iter__(self) -> Iterator[Row]:
        """The rows, the oldest first."""
        return iter(self._rows)

    def add(self, message: CardMessage) -> Row | None:
        """Take in a card's message; the row that is new or changed by it.

        A card that returned to its place is the one that lay there; a second copy is another one, and counts.
        """
        if message.returned is not None and message.returned in self._by_track:
            self._by_track[message.track_id] = self._by_track[message.returned]
        row = self._by_track.get(message.track_id)
        if message.state is TrackState.CONFIRMED and message.card_id is not None:
            if row is not None and row.card_id == message.card_id:
                return self._put(replace(row, message=message))
            return self._confirmed(message, row)
        if message.state is TrackState.UNKNOWN_CARD and (row is None or row.kind is Kind.DOUBTFUL):
            return self._put(self._row(message, row, Kind.UNKNOWN))
        return None

    def doubt(self, message: CardMessage) -> Row | None:
        """Say that a card has stayed undecided for long; None where there is a row already."""
        if message.track_id in self._by_track:
            return None
        return self._put(self._row(message, None, Kind.DOUBTFUL))

    def times(self) -> list[float]:
        """When each confirmed card was laid down, seconds since 1970."""
        return [datetime.fromisoformat(row.at).timestamp() for row in self._rows if row.card_id is not None]

    def _confirmed(self, message: CardMessage, row: Row | None) -> Row:
        card_id = message.card_id or ""
        if row is not None and row.card_id is not None:  # the same place shows another card now
            row = None
        before = self.counts[card_id]
        self.counts[card_id] += 1
        self.confirmed += 1
        kind = Kind.AGAIN if before else Kind.NEW
        return self._put(replace(self._row(message, row, kind), card_id=card_id, before=before))

    def _row(self, message: CardMessage, row: Row | None, kind: Kind) -> Row:
        number = self._next if row is None else row.number
        return Row(
            number=number,
            track_id=message.track_id,
            at=message.published_at,
            kind=kind,
            card_id=None,
            before=0,
            message=message,
        )

    def _put(self, row: Row) -> Row:
        if row.number == self._next:
            self._next += 1
            self._rows.append(row)
        else:
            place = row.number - (self._next - len(self._rows))
            if place >= 0:
                self._rows[place] = row
        self._by_track[row.track_id] = row
        if row.message.track_id != row.track_id:
            self._by_track[row.message.track_id] = row
        while len(self._by_track) > 2 * _KEPT_ROWS:
            del self._by_track[next(iter(self._by_track))]
        return row


def cards_per_hour(times: Sequence[float], now: float) -> float | None:
    """The pace of the last quarter of an hour.

    Args:
        times: when cards were laid down, seconds since 1970, ascending.
        now: likewise.

    Returns:
        None where less than two cards say something of it.
    """
    recent = [each for each in times if now - each <= _PACE_S]
    if len(recent) < 2:
        return None
    return 3600 * (len(recent) - 1) / max(now - recent[0], _LEAST_PACE_S)
