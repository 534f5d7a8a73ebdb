import json

import pytest

from edge.cli import bench
from edge.cli.stage_benchmark import Stage, StageTiming, Timing, measure_stage, measure_stages
from edge.database.benchmark import SearchBenchmark
from edge.outside.crowd_benchmark import CrowdBenchmark, Watched
from edge.outside.daemon_benchmark import DaemonBenchmark
from edge.recognition.opening import open_recognizer
from edge.settings.sections import RecognitionSettings
from edge.wire.messages import StageLatency

STAGES = [
    StageTiming(stage="detect", repeats=9, timing=Timing(p50_ms=20, p99_ms=30)),
    StageTiming(
        stage="embed",
        repeats=9,
        timing=Timing(p50_ms=6, p99_ms=9),
        bare_calls="onnxruntime",
        bare=Timing(p50_ms=5, p99_ms=8),
    ),
]
SEARCH = SearchBenchmark(
    cards=10,
    dimension=4,
    scanned_dimension=4,
    queries=3,
    p50_ms=1,
    p99_ms=2,
    bare_p50_ms=0.5,
    bare_p99_ms=1,
    recall_at_1=1.0,
    open_s=0.1,
    disk_mb=5,
    mapped_mb=3,
    peak_rss_mb=90,
)
DAEMON = DaemonBenchmark(
    source="demo:resting",
    database_cards=2200,
    fps=29.5,
    frames_dropped=1,
    cards_confirmed=2,
    frames_to_decision=(2, 3, 7),
    messages_lost=0,
    settled_rss_mb=140,
    final_rss_mb=141,
    peak_rss_mb=150,
    stages={"detect": StageLatency(count=3, p50_ms=1, p99_ms=2)},
)


CROWD = CrowdBenchmark(
    subscribers=50,
    alone=Watched(fps=30.0, arrivals=90, p50_ms=30, p99_ms=60),
    crowded=Watched(fps=29.7, arrivals=88, p50_ms=31, p99_ms=62),
    messages_lost=0,
)


@pytest.fixture
def measured(monkeypatch):
    """The report on figures that are known."""
    monkeypatch.setattr("edge.cli.stage_benchmark.measure_stages", lambda *_: STAGES)
    monkeypatch.setattr("edge.database.benchmark.benchmark_search", lambda *_: SEARCH)
    monkeypatch.setattr(bench, "measure_daemon", lambda *_: DAEMON)
    monkeypatch.setattr(bench, "measure_crowd", lambda *_: CROWD)


def test_the_report_as_json(scanner, measured):
    report = json.loads(scanner("bench", "--json").out)
    assert [stage["ratio"] for stage in report["stages"]] == [None, pytest.approx(1.2)]
    assert report["search"]["recall_at_1"] == 1.0
    assert report["crowd"]["crowded"]["p99_ms"] == 62
    assert report["daemon"][0]["stages"]["detect"] == {"count": 3, "p50_ms": 1.0, "p99_ms": 2.0}


def test_the_report_as_tables(scanner, measured):
    lines = scanner("bench").out.splitlines()
    assert next(line for line in lines if line.startswith("embed")).split() == [
        "embed", "9", "6.00", "9.00", "5.00", "8.00", "1.20", "onnxruntime"
    ]  # fmt: skip
    assert any("29.5 frames/s" in line and "peak 150 MB" in line for line in lines)
    assert (
        "before 50 subscribers, of which one never reads: 29.70 frames/s (-1.0 % of 30.00 alone), 0 messages lost"
        in lines
    )
    assert "  confirmed within 4 frames of the first sharp one: 2 of 3 (median 3, slowest 7)" in lines


class Work:
    """Calls that take known times, on a clock of its own."""

    def __init__(self, durations_ms):
        self.now_ns = 0
        self._durations_ms = iter(durations_ms)

    def clock(self):
        return self.now_ns

    def stage(self):
        self.now_ns += 1_000_000 * next(self._durations_ms)

    def bare(self):
        self.now_ns += 5_000_000


def test_percentiles_are_those_of_the_calls_after_the_warm_up():
    work = Work([900, 900, 10, 20, 30])
    timing = measure_stage(Stage("work", work.stage, "bare", work.bare), 3, work.clock)
    assert timing.repeats == 3
    assert timing.timing == Timing(p50_ms=20, p99_ms=pytest.approx(29.8))
    assert timing.bare == Timing(p50_ms=5, p99_ms=5)
    assert timing.ratio == 4


def test_a_slow_stage_is_timed_less_often():
    work = Work([0, 0] + [8000] * 100)
    assert measure_stage(Stage("work", work.stage), 100, work.clock).repeats == 3


def test_every_stage_is_measured_on_the_real_parts(tiny_database):
    settings = RecognitionSettings(model=tiny_database.model, database=tiny_database.database)
    timings = measure_stages(settings, open_recognizer(settings), repeats=1)
    assert [timing.stage for timing in timings] == [
        "detect", "follow", "second look", "rectify", "embed", "search", "verify", "pipeline"
    ]  # fmt: skip
    by_stage = {timing.stage: timing for timing in timings}
    assert all(by_stage[stage].bare for stage in ("rectify", "embed", "search", "pipeline"))
    assert by_stage["pipeline"].timing.p50_ms > by_stage["rectify"].timing.p50_ms
