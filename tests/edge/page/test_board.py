import pytest

from edge.page.board import Board
from edge.page.cards import Cards
from edge.page.metrics import metrics
from edge.page.setup import Sight, setup_steps
from edge.wire.commands import StatusReply
from edge.wire.envelope import Topic
from edge.wire.messages import MatchMessage, TrackState
from tests.wire_messages import bare_message, card_message, health_message


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock) -> Board:
    return Board(clock)


def status(**settings) -> StatusReply:
    settings = {"selection": {"sharpness": 100.0}, "centering": {"calibration": None}} | settings
    return StatusReply(device="bench", session="a", paused=False, settings=settings, health=None)


def test_who_looks_on_is_told_what_is_newer_than_what_they_have(board):
    board.take(health_message(), None)
    board.take(card_message(), None)
    whole = board.since(-1)
    assert [card["name"] for card in whole["cards"]] == ["Flabébé"]
    assert whole["health"]["fps"] == 30
    assert len(whole["rows"]) == len(whole["history"]) == 1
    later = board.since(whole["revision"])
    assert (later["cards"], later["rows"], "health" in later) == ([], [], False)
    board.take(bare_message(track_id=8), None)
    assert [card["track"] for card in board.since(whole["revision"])["cards"]] == [8]
    assert board.since(-1)["present"] == [4, 8]


def test_a_card_that_left_is_not_present_and_stays_in_the_log(board):
    board.take(card_message(), None)
    board.take(card_message(topic=Topic.LEFT), None)
    assert (board.since(-1)["present"], len(board.since(-1)["rows"])) == ([], 1)


def test_silence_is_noticed_within_three_seconds_and_ends_with_the_next_message(board, clock):
    assert board.since(-1)["connection"] == "waiting"
    board.take(health_message(), None)
    for clock.now in (1.0, 2.0):
        board.tick()
        assert board.since(-1)["connection"] == "live"
    clock.now = 2.5
    board.tick()
    assert board.since(-1)["connection"] == "silent"
    board.take(health_message(1), None)
    assert board.since(-1)["connection"] == "live"


def test_another_session_starts_with_nothing(board):
    board.take(card_message(), None)
    board.take(health_message(session="b"), None)
    shown = board.since(-1)
    assert (shown["session"], shown["present"], shown["rows"], shown["totals"]["confirmed"]) == ("b", [], [], 0)


def test_what_is_in_view_is_known_after_a_loss(board):
    board.take(bare_message(track_id=1), None)
    board.recover((card_message(track_id=2),))
    assert board.since(-1)["present"] == [2]
    assert board.since(-1)["totals"]["confirmed"] == 1


def test_a_card_that_stays_undecided_is_told_once(board, clock):
    undecided = {"state": TrackState.STABILIZING, "matches": [MatchMessage(card_id="ab-7", distance=0.2)]}
    board.take(bare_message(topic=Topic.UPDATED, **undecided), None)
    for clock.now in (1.0, 2.1, 5.0):
        board.tick()
    assert [(row["kind"], row["name"]) for row in board.since(-1)["rows"]] == [("doubtful", "Perhaps ab-7")]


def test_names_come_with_the_database(board, tiny_database):
    card_id = next(iter(tiny_database.cards))
    near = [MatchMessage(card_id=card_id, distance=0.1)]
    board.take(bare_message(topic=Topic.UPDATED, state=TrackState.STABILIZING, matches=near), None)
    before = board.since(-1)
    board.take_status(status(), Cards(tiny_database.database))
    (card,) = board.since(before["revision"])["cards"]
    assert (before["cards"][0]["name"], card["name"]) == (f"{card_id}?", f"Card {card_id}?")
    assert card["place"].startswith("Tiny")


def test_a_database_that_is_not_there_is_a_sentence(tmp_path):
    cards = Cards(tmp_path / "none")
    assert "Names and pictures of cards are missing" in cards.trouble
    assert (cards.details("ab-7"), cards.picture("ab-7")) == (None, None)


def test_metrics_say_whether_the_scanner_is_heard(board, clock):
    assert "card_scanner_up 0" in metrics(board)
    board.take(health_message(), None)
    lines = metrics(board).splitlines()
    assert "card_scanner_up 1" in lines
    assert "card_scanner_frames_captured_total 90" in lines
    assert 'card_scanner_stage_latency_seconds{stage="detect",quantile="0.99"} 0.012' in lines
    assert all(line.startswith("# ") or len(line.split(" ")) == 2 for line in lines)
    clock.now = 10.0
    board.tick()
    assert "card_scanner_up 0" in metrics(board)


def test_set_up_names_what_is_left_in_order():
    camera = health_message(source="v4l2:/dev/video0", database="mine")
    blurred = Sight(sharpness=40.0, mean=30.0, white=0.0)
    steps = {step["title"]: (step["done"], step["sentence"]) for step in setup_steps(status(), camera, blurred, None)}
    assert list(steps) == ["Camera", "Light", "Focus", "Calibration", "Card database"]
    assert [done for done, _ in steps.values()] == [True, False, False, False, True]
    assert "turn the lens" in steps["Focus"][1]
    assert "card-scanner calibrate" in steps["Calibration"][1]
    bench = setup_steps(status(), health_message(database="demo"), Sight(sharpness=400, mean=110, white=0.0), None)
    assert [step["done"] for step in bench] == [False, True, True, True, False]
