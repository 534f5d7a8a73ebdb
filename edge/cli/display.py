"""Shows messages as they come: one line each, raw JSON, or a view that stays in place."""

import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator

from edge.cli.output import write, write_line
from edge.client import Received
from edge.files.printing import printable
from edge.outside.tally import STAGES, Tally
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage, HealthMessage

_REDRAW_S = 0.1
_NEWEST_EVENTS = 8
_UP, _CLEAR_BELOW = "\x1b[{}F", "\x1b[J"


class PlainDisplay:
    """One line a message."""

    def show(self, received: Received, tally: Tally) -> None:  # noqa: ARG002 (each message stands alone)
        """Write the message as a line."""
        if received.lost:
            self.note(f"{received.lost} messages were lost")
        message = received.message
        write_line(f"{_clock(message.published_at)}  {_line(message)}")

    def note(self, text: str) -> None:
        """Write the remark as a line."""
        write_line(f"--- {text}")


class JsonDisplay:
    """The messages as they came, one JSON object a line."""

    def show(self, received: Received, tally: Tally) -> None:  # noqa: ARG002 (each message stands alone)
        """Write the message as it came."""
        if received.lost:
            self.note(f"{received.lost} messages were lost")
        write_line(received.json)

    def note(self, text: str) -> None:
        """Write the remark to standard error."""
        sys.stderr.write(f"card-scanner: {printable(text)}\n")


class LiveDisplay:
    """A view that is drawn over again in the terminal: cards in view, newest events, health."""

    def __init__(self) -> None:
        """Start with an empty view."""
        self._events: deque[str] = deque(maxlen=_NEWEST_EVENTS)
        self._drawn_lines = 0
        self._drawn_s = 0.0

    def show(self, received: Received, tally: Tally) -> None:
        """Take the message in, and draw again unless that was done just now."""
        message = received.message
        if isinstance(message, CardMessage) and message.topic is not Topic.UPDATED:
            self._events.append(f"{_clock(message.published_at)}  {_line(message)}")
        if time.monotonic() - self._drawn_s >= _REDRAW_S or isinstance(message, HealthMessage):
            self._draw(list(view_lines(tally, list(self._events))))

    def note(self, text: str) -> None:
        """Keep the remark among the events."""
        self._events.append(f"--- {text}")
        self._draw(["", *self._events])

    def _draw(self, lines: list[str]) -> None:
        size = shutil.get_terminal_size()
        shown = [printable(line)[: size.columns - 1] for line in lines[: size.lines - 1]]
        up = _UP.format(self._drawn_lines) if self._drawn_lines else ""
        write(f"{up}{_CLEAR_BELOW}" + "".join(f"{line}\n" for line in shown))
        self._drawn_lines, self._drawn_s = len(shown), time.monotonic()


def view_lines(tally: Tally, events: list[str]) -> Iterator[str]:
    """The live view: health, cards in view, newest events, stage latencies."""
    health = tally.health
    yield "" if health is None else _health_line(health)
    yield (
        f"{tally.confirmed.total()} confirmed, {tally.returned} returned, {tally.results[Topic.UNKNOWN]} unknown, "
        f"{tally.lost} messages lost"
    )
    yield ""
    yield f"{'track':>5}  {'state':12}  {'sure':>6}  {'dist.':>5}  {'card':32}  set"
    for track_id, message in sorted(tally.present.items()):
        figures = f"{_percent(message.probability):>6}  {_number(message.distance):>5}"
        yield f"{track_id:5d}  {message.state.value:12}  {figures}  {_card(message):32}  {_set(message)}"
    yield ""
    yield from events
    yield ""
    yield "" if health is None else _stages_line(health)


def _line(message: CardMessage | HealthMessage) -> str:
    if isinstance(message, HealthMessage):
        return f"{_health_line(message)} | {_stages_line(message)}"
    line = f"{message.topic.value:14}  track {message.track_id}  {message.state.value}"
    if message.topic is Topic.LEFT:
        return line
    probability = "" if message.probability is None else f"  probability {_percent(message.probability)}"
    distance = "" if message.distance is None else f"  distance {message.distance:.3f}"
    name_of_set = f", {_set(message)}" if _set(message) else ""
    returned = "" if message.returned is None else f"  returned, was track {message.returned}"
    return f"{line}  {_card(message)}{name_of_set}{probability}{distance}{returned}"


def _health_line(health: HealthMessage) -> str:
    worse = f" ({'; '.join(health.degraded)})" if health.degraded else ""
    return (
        f"{health.status}{worse}  {health.source}  {health.fps:.1f} frames/s  {health.tracks} in view  "
        f"{health.database_cards} cards known  {health.rss_mb:.0f} MB"
    )


def _stages_line(health: HealthMessage) -> str:
    """Median of each stage over the last interval, in the order of the pipeline."""
    shown = [f"{stage} {health.stages[stage].p50_ms:.1f}" for stage in STAGES if stage in health.stages]
    return "ms: " + ", ".join(shown) if shown else "ms: -"


def _card(message: CardMessage) -> str:
    if message.card is not None:
        return f"{message.card.name} ({message.card_id})"
    return f"{message.matches[0].card_id}?" if message.matches else "-"


def _set(message: CardMessage) -> str:
    return "" if message.card is None else message.card.set_name


def _number(distance: float | None) -> str:
    return "-" if distance is None else f"{distance:.3f}"


def _percent(probability: float | None) -> str:
    return "-" if probability is None else f"{100 * probability:.1f} %"


def _clock(published_at: str) -> str:
    return published_at.partition("T")[2][:12]
