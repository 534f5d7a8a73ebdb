"""The log as systemd's journal keeps it: verdicts have fields to search by, as in `journalctl CARD_ID=...`."""

import importlib
import logging
import os
import sys
from collections.abc import Callable, Mapping

from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage, HealthMessage

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_FIELDS = "journal_fields"
WITHOUT_LIBRARY = (
    "systemd-python is not installed: the journal keeps this log without fields such as CARD_ID; "
    "'sudo apt install python3-systemd' brings it"
)

_log = logging.getLogger(__name__)


class JournalHandler(logging.Handler):
    """Sends records to the journal with their fields."""

    def __init__(self, send: Callable[..., None]) -> None:
        """Send with systemd-python's `journal.send`."""
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        fields: Mapping[str, str] = getattr(record, _FIELDS, {})
        try:
            self._send(
                self.format(record),
                PRIORITY=str(_PRIORITIES.get(record.levelno, 5)),
                LOGGER=record.name,
                THREAD_NAME=record.threadName or "",
                CODE_FILE=record.pathname,
                CODE_LINE=record.lineno,
                CODE_FUNC=record.funcName or "",
                SYSLOG_IDENTIFIER="card-scanner",
                **fields,
            )
        except Exception:  # noqa: BLE001 (as the standard library's handlers: what cannot be logged ends no thread)
            self.handleError(record)


class PriorityFormatter(logging.Formatter):
    """Puts the priority before each line, as the journal reads it from standard error (sd-daemon(3))."""

    def __init__(self, inner: logging.Formatter) -> None:
        """Put it before what `inner` makes of a record."""
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines."""
        prefix = f"<{_PRIORITIES.get(record.levelno, 5)}>"
        return "\n".join(prefix + line for line in self._inner.format(record).splitlines())


def writes_to_journal(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether standard error is the journal (`JOURNAL_STREAM`, systemd.exec(5))."""
    device, _, inode = environment.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(status.st_dev), str(status.st_ino))


def journal_handler(formatter: logging.Formatter) -> logging.Handler:
    """What logs to the journal: through systemd-python, or through standard error where that is not installed."""
    try:
        send = importlib.import_module("systemd.journal").send
    except ImportError:
        plain = logging.StreamHandler(sys.stderr)
        plain.setFormatter(PriorityFormatter(formatter))
        plain.handle(logging.makeLogRecord({"levelno": logging.WARNING, "msg": WITHOUT_LIBRARY}))
        return plain
    handler = JournalHandler(send)
    handler.setFormatter(formatter)
    return handler


def log_verdict(message: CardMessage | HealthMessage) -> None:
    """Log that a card was confirmed or refused, with the fields `CARD_ID`, `TRACK_ID`, `FRAME_ID` and `DISTANCE`."""
    if not isinstance(message, CardMessage) or message.topic not in (Topic.CONFIRMED, Topic.UNKNOWN):
        return
    fields = {"TRACK_ID": str(message.track_id), "FRAME_ID": str(message.frame_id)}
    if message.distance is not None:
        fields["DISTANCE"] = f"{message.distance:.4f}"
    if message.card_id is not None:
        fields["CARD_ID"] = message.card_id
    name = message.card.name if message.card is not None else "no card of the database"
    what = "confirmed" if message.topic is Topic.CONFIRMED else "unknown"
    _log.info("%s: %s %s", what, message.card_id or "", name, extra={_FIELDS: fields})
