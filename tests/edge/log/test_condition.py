import logging
from types import SimpleNamespace

from edge.log.condition import Condition


def test_the_journal_gets_a_line_a_minute_at_most(tmp_path, caplog):
    clock = SimpleNamespace(now_s=0)
    condition = Condition(tmp_path / "scans.db", clock=lambda: 1_000_000_000 * clock.now_s)
    for clock.now_s in range(600):
        condition.failed("written", OSError("no room"), missing=1)
        if clock.now_s % 2:
            condition.works("written")
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 10
    assert condition.degraded() == ("600 confirmed cards are not in the log",)
    clock.now_s = 700
    condition.works("written")
    assert caplog.records[-1].message.endswith("can be written again; 600 confirmed cards are not in the log")
    assert condition.degraded() == ()
