import pytest

from edge.page.log import Kind, Log, cards_per_hour
from edge.wire.envelope import Topic
from edge.wire.messages import MatchMessage, TrackState
from tests.wire_messages import bare_message, card_message


def unknown(track: int):
    return bare_message(track_id=track, topic=Topic.UNKNOWN, state=TrackState.UNKNOWN_CARD)


def added(log: Log, **changes):
    row = log.add(card_message(**changes))
    return row and (row.number, row.kind, row.before)


def test_a_second_copy_counts_and_one_that_returned_does_not():
    log = Log()
    assert added(log, track_id=1) == (0, Kind.NEW, 0)
    assert added(log, track_id=1) == (0, Kind.NEW, 0)
    assert added(log, track_id=2, returned=1) == (0, Kind.NEW, 0)
    assert added(log, track_id=3) == (1, Kind.AGAIN, 1)
    assert added(log, track_id=4, card_id="cd-1") == (2, Kind.NEW, 0)
    assert (log.confirmed, dict(log.counts)) == (3, {"ab-7": 2, "cd-1": 1})


def test_thirty_cards_with_a_repeat_and_a_return_are_thirty_one_rows():
    log = Log()
    for track in range(30):
        log.add(card_message(track_id=track, card_id=f"ab-{track}"))
    log.add(card_message(track_id=30, card_id="ab-3"))
    log.add(card_message(track_id=31, card_id="ab-9", returned=9))
    assert len(list(log)) == log.confirmed == 31


def test_a_doubtful_card_keeps_its_row_when_it_is_decided():
    log = Log()
    near = [MatchMessage(card_id="ab-7", distance=0.2)]
    candidate = bare_message(track_id=1, topic=Topic.UPDATED, state=TrackState.STABILIZING, matches=near)
    assert log.add(candidate) is None
    assert log.doubt(candidate).kind is Kind.DOUBTFUL
    assert log.doubt(candidate) is None
    assert added(log, track_id=1) == (0, Kind.NEW, 0)
    assert [row.card_id for row in log] == ["ab-7"]


def test_another_card_in_the_same_place_is_another_row():
    log = Log()
    added(log, track_id=1)
    assert added(log, track_id=1, card_id="cd-1") == (1, Kind.NEW, 0)
    assert log.add(unknown(2)).kind is Kind.UNKNOWN
    assert log.add(unknown(2)) is None
    assert len(list(log)) == 3


def test_rows_are_bounded_and_counts_are_not():
    log = Log()
    for track in range(2100):
        log.add(card_message(track_id=track, card_id=f"ab-{track}"))
    assert (len(list(log)), log.confirmed) == (2000, 2100)
    assert added(log, track_id=2099, card_id="ab-2099") == (2099, Kind.NEW, 0)


@pytest.mark.parametrize(
    ("times", "now", "pace"),
    [
        ([], 100.0, None),
        ([100.0], 100.0, None),
        ([0.0, 60.0, 120.0], 120.0, 60.0),
        ([0.0, 10_000.0, 10_030.0, 10_060.0], 10_060.0, 120.0),
        ([0.0, 1.0], 1.0, 360.0),
    ],
)
def test_the_pace_is_that_of_the_last_quarter_of_an_hour(times, now, pace):
    assert cards_per_hour(times, now) == pace
