import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from edge.wire.centering import CenteringReport
from edge.wire.envelope import Topic
from edge.wire.messages import MatchMessage

RECORDED = Path(__file__).parents[1] / "centering" / "figures" / "recorded"


def centering(std):
    """A recorded measurement with another uncertainty."""
    report = json.loads((RECORDED / "bordered.json").read_text())["centering"]
    return TypeAdapter(CenteringReport).validate_python(report | {"left_right_std": std, "top_bottom_std": std})


def logged_std(bench):
    (text,) = bench.read("SELECT centering FROM scan")[0]
    return text and json.loads(text)["left_right_std"]


def test_a_confirmed_card_is_a_row_with_its_picture(bench):
    matches = [MatchMessage(card_id=f"ab-{k}", distance=0.1 * k, probability=0.2) for k in range(5)]
    bench.confirm(4, matches=matches, probability=0.99, centering=centering(0.3))
    (row,) = bench.read(
        "SELECT session, confirmed_at, captured_at, frame_id, card_id, probability, model_id, database, exported_at"
        " FROM scan"
    )
    published, captured = "2030-01-01T10:20:30.400+00:00", "2030-01-01T10:20:30.300+00:00"
    assert row == ("session-1", published, captured, 9, "ab-7", 0.99, "model", "demo", None)
    ((card, matched, measurement),) = bench.read("SELECT card, matches, centering FROM scan")
    assert json.loads(card)["name"] == "Flabébé"
    assert [each["card_id"] for each in json.loads(matched)] == [f"ab-{k}" for k in range(5)]
    assert json.loads(measurement)["measurable"] is True
    ((jpeg,),) = bench.read("SELECT jpeg FROM picture")
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (704, 504, 3)
    assert bench.path.stat().st_mode & 0o777 == 0o640


def test_the_row_is_there_when_take_returns(bench):
    bench.confirm(1)
    other = sqlite3.connect(bench.path)
    assert other.execute("SELECT count(*) FROM scan").fetchone() == (1,)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


def test_one_card_is_one_row_and_a_second_copy_is_another(bench):
    bench.confirm(1)
    bench.confirm(1)
    bench.confirm(2, place="right")
    bench.leave(1)
    bench.confirm(3, returned=1)
    bench.leave(3)
    bench.confirm(4, returned=3)
    assert bench.cards == ["ab-7", "ab-7"]
    bench.leave(4)
    bench.confirm(5)
    assert bench.cards == 3 * ["ab-7"]
    assert [track for _, track, _ in bench.lying] == [2, 5]


def test_a_verdict_that_changes_on_what_lies_still_corrects_its_row(bench):
    bench.confirm(1, "ab-7", centering=centering(0.3))
    bench.confirm(1, "ab-8", probability=0.97)
    assert bench.read("SELECT card_id, probability, centering FROM scan") == [("ab-8", 0.97, None)]
    assert bench.read("SELECT count(*) FROM picture") == [(1,)]


def test_a_card_that_is_swapped_for_another_is_another_row(bench):
    bench.confirm(1, "ab-7", shown_since=10)
    bench.confirm(1, "ab-8", shown_since=40)
    assert bench.cards == ["ab-7", "ab-8"]


def test_what_lies_there_after_a_restart_is_the_same_card(bench):
    bench.confirm(1)
    bench.confirm(2, "ab-8", place="right")
    bench.start()
    bench.confirm(0)
    bench.start()
    bench.confirm(0)
    bench.confirm(1, "ab-9", place="right")
    assert bench.cards == ["ab-7", "ab-8", "ab-9"]
    assert bench.lying == [("session-3", 0, 1), ("session-3", 1, 3)]


def test_a_card_elsewhere_after_a_restart_is_another_one(bench):
    bench.confirm(1)
    bench.start()
    bench.confirm(0, place="right")
    assert bench.cards == 2 * ["ab-7"]


def test_a_card_that_left_before_the_restart_is_another_one(bench):
    bench.confirm(1)
    bench.leave(1)
    bench.start()
    bench.confirm(0)
    assert bench.cards == 2 * ["ab-7"]


@pytest.mark.parametrize("change", ["source", "time"])
def test_another_source_or_a_long_time_continue_nothing(bench, change):
    bench.confirm(1)
    if change == "time":
        with sqlite3.connect(bench.path) as other:
            other.execute("UPDATE session SET alive_at = ?", ((datetime.now(UTC) - timedelta(hours=1)).isoformat(),))
        other.close()
    bench.start(**({"source": "picamera"} if change == "source" else {}))
    bench.confirm(0)
    assert bench.cards == 2 * ["ab-7"]


@pytest.mark.parametrize(("live", "rows"), [(True, 1), (False, 2)])
def test_a_camera_that_was_interrupted_sees_the_same_card_and_another_photo_another_one(bench, live, rows):
    bench.start(live=live)
    bench.confirm(1)
    bench.stretch += 1
    bench.leave(1)
    bench.confirm(2)
    assert len(bench.cards) == rows


def test_a_surer_centering_replaces_the_logged_one(bench):
    bench.confirm(1)
    for std, logged in ((0.9, 0.9), (0.4, 0.4), (0.6, 0.4)):
        bench.tell(Topic.UPDATED, 1, centering=centering(std))
        assert logged_std(bench) == logged
    bench.tell(Topic.UPDATED, 1, card="ab-8", centering=centering(0.1))
    assert logged_std(bench) == 0.4
    bench.leave(1)
    bench.confirm(2, returned=1, centering=centering(0.8))
    assert logged_std(bench) == 0.4


def test_what_changes_nothing_is_not_written(bench):
    bench.confirm(1)
    before = bench.path.with_name("scans.db-wal").stat().st_size
    bench.tell(Topic.UPDATED, 1)
    bench.tell(Topic.UPDATED, 7)
    assert bench.path.with_name("scans.db-wal").stat().st_size == before
    bench.tell(Topic.UPDATED, 1, place="right")
    ((corners,),) = bench.read("SELECT corners FROM track")
    assert json.loads(corners)[0] == [300.0, 100.0]
