import logging
import os
import sys
import types

import pytest

from edge.service.journal import WITHOUT_LIBRARY, journal_handler, log_verdict, writes_to_journal
from edge.wire.envelope import Topic
from edge.wire.messages import CardDetails, CardMessage, TrackState
from tests.wire_messages import bare_message


def message(topic: Topic, card_id: str | None) -> CardMessage:
    details = CardDetails(name="Wet Owl", set_code="ceq01", set_name="First", number="033")
    known = {"card_id": card_id, "card": details if card_id else None, "distance": 0.0812345}
    return bare_message(topic=topic, frame_id=12, state=TrackState.CONFIRMED, **known)


@pytest.fixture
def logger():
    logger = logging.getLogger("edge")
    level = logger.level
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(level)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)


@pytest.fixture
def journal(monkeypatch) -> list[tuple[str, dict[str, str]]]:
    """Stands in for systemd-python 235, whose `send` has these parameters and makes these lines of them."""
    entries = []

    def send(MESSAGE, MESSAGE_ID=None, CODE_FILE=None, CODE_LINE=None, CODE_FUNC=None, **kwargs):  # noqa: N803
        lines = [f"CODE_FILE={CODE_FILE}", f"CODE_LINE={CODE_LINE:d}", f"CODE_FUNC={CODE_FUNC}"]
        lines += [key + "=" + value for key, value in kwargs.items()]
        entries.append((MESSAGE, dict(line.split("=", 1) for line in lines)))

    module = types.ModuleType("systemd.journal")
    module.send = send
    monkeypatch.setitem(sys.modules, "systemd", types.ModuleType("systemd"))
    monkeypatch.setitem(sys.modules, "systemd.journal", module)
    return entries


def test_a_verdict_has_fields_to_search_by(logger, journal):
    logger.addHandler(journal_handler(logging.Formatter("%(message)s")))
    log_verdict(message(Topic.CONFIRMED, "ceq01-033"))
    log_verdict(message(Topic.UNKNOWN, None))
    log_verdict(message(Topic.UPDATED, "ceq01-033"))
    (text, fields), (unknown, without) = journal
    assert text == "confirmed: ceq01-033 Wet Owl"
    assert fields["CARD_ID"] == "ceq01-033"
    assert (fields["TRACK_ID"], fields["FRAME_ID"], fields["DISTANCE"]) == ("3", "12", "0.0812")
    assert (fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == ("6", "card-scanner")
    assert "no card of the database" in unknown
    assert "CARD_ID" not in without
    assert fields["CODE_FUNC"] == "log_verdict"
    assert all(name.isupper() for name in fields)


def test_without_the_library_it_warns_and_logs_with_priorities(logger, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "systemd", None)
    monkeypatch.setitem(sys.modules, "systemd.journal", None)
    logger.addHandler(journal_handler(logging.Formatter("%(message)s")))
    log_verdict(message(Topic.CONFIRMED, "ceq01-033"))
    logger.error("first\nsecond")
    assert capsys.readouterr().err.splitlines() == [
        f"<4>{WITHOUT_LIBRARY}",
        "<6>confirmed: ceq01-033 Wet Owl",
        "<3>first",
        "<3>second",
    ]


def test_the_journal_is_known_by_its_stream(tmp_path, monkeypatch):
    with (tmp_path / "stream").open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        status = os.fstat(stream.fileno())
        assert writes_to_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not writes_to_journal({"JOURNAL_STREAM": "1:2"})
        assert not writes_to_journal({})
