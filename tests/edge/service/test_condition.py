from types import SimpleNamespace

import pytest

from edge.manifests import UNCALIBRATED
from edge.service import condition as module
from edge.service.condition import Condition
from edge.wire.envelope import Topic
from edge.wire.session import Session


class Part:
    """A part that says what is wrong with it."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = list(sentences)

    def degraded(self) -> list[str]:
        return list(self.sentences)


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(s=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now.s))
    return now


@pytest.fixture
def parts():
    capture = SimpleNamespace(captured=0, passed_over=0, paused=False, source=SimpleNamespace(live=True))
    return SimpleNamespace(
        capture=capture,
        search_failures=Part(),
        recognizer=SimpleNamespace(embedder=SimpleNamespace(), learned=Part()),
        output_stage=SimpleNamespace(lateness=Part()),
        scans=Part(),
        database=SimpleNamespace(calibration=object()),
    )


@pytest.fixture
def threads():
    return SimpleNamespace(supervisor=Part(), output=SimpleNamespace(finished=False))


@pytest.fixture
def condition(clock, parts, threads):
    outlet = SimpleNamespace(session=Session("bench"))
    return Condition(parts, outlet, threads.supervisor, threads.output, health_interval_s=1.0)


def test_frames_that_are_looked_at_and_those_that_a_pause_passes_over_both_advance(condition, parts):
    assert not condition.frames_advanced()
    parts.capture.captured = 3
    assert condition.frames_advanced()
    assert not condition.frames_advanced()
    parts.capture.paused, parts.capture.passed_over = True, 2
    assert condition.frames_advanced()
    assert not condition.frames_advanced()


def test_a_pause_of_what_is_not_read_meanwhile_counts_as_advancing(condition, parts):
    parts.capture.paused, parts.capture.source.live = True, False
    assert condition.frames_advanced()
    assert condition.frames_advanced()
    parts.capture.paused = False
    assert not condition.frames_advanced()


def test_silence_is_told_after_two_seconds_and_not_once_the_source_has_ended(condition, clock, parts, threads):
    clock.s += 1.9
    assert condition.degraded() == []
    clock.s += 2.0
    assert condition.silence_s == pytest.approx(3.9)
    assert condition.degraded() == ["no new frame for 4 s"]
    threads.output.finished = True
    assert condition.degraded() == []
    threads.output.finished, parts.capture.captured = False, 1
    assert condition.frames_advanced()
    assert condition.degraded() == []


def test_what_any_part_says_is_in_every_envelope(condition, parts, threads):
    threads.supervisor.sentences = ["the embedding thread failed and was started again"]
    parts.scans.sentences = ["the log cannot be written"]
    parts.search_failures.sentences = ["a search failed"]
    parts.database.calibration = None
    expected = [
        "the embedding thread failed and was started again",
        "a search failed",
        "the log cannot be written",
        UNCALIBRATED,
    ]
    assert condition.degraded() == expected
    assert condition.envelope(Topic.HEALTH, None).degraded == expected
