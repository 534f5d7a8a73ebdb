import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.database.search import Match
from edge.pipeline.smoothing import Reading, Verdict, advance, judge
from edge.recognition.belief import Worth
from edge.recognition.recognizer import Recognition
from edge.settings.settings import SmoothingSettings
from edge.wire.messages import TrackState

SETTINGS = SmoothingSettings(confirm_after=3, doubt_frames=30)
LETTERS = {"?": (Worth.UNKNOWN, None), "-": (Worth.NOT_A_CARD, None)}


def reading(letter: str, frame_id: int) -> Reading:
    """A strong reading of card A is "A", a weak one "a"; "?" is an unknown card, "-" no card."""
    strength = Worth.STRONG if letter.isupper() else Worth.WEAK
    worth, card_id = LETTERS.get(letter, (strength, letter.upper()))
    return Reading(worth=worth, card_id=card_id, frame_id=frame_id)


def run(letters: str, frames_apart: int = 1, verdict: Verdict | None = None) -> Verdict:
    verdict = verdict or Verdict()
    for number, letter in enumerate(letters):
        verdict = advance(verdict, reading(letter, 1000 + number * frames_apart), SETTINGS)
    return verdict


@pytest.mark.parametrize(
    ("letters", "state", "card_id", "decided"),
    [
        ("", TrackState.DETECTING, None, False),
        ("A", TrackState.STABILIZING, None, False),
        ("AA", TrackState.STABILIZING, None, False),
        ("AAA", TrackState.CONFIRMED, "A", True),
        ("AAB", TrackState.STABILIZING, None, False),
        ("AABAA", TrackState.STABILIZING, None, False),
        ("ABABAB", TrackState.STABILIZING, None, False),
        ("aaaaaa", TrackState.STABILIZING, None, False),
        ("aaAaa", TrackState.STABILIZING, None, False),
        ("AaAA", TrackState.STABILIZING, None, False),
        ("AaAAA", TrackState.CONFIRMED, "A", True),
        ("?", TrackState.STABILIZING, None, False),
        ("???", TrackState.UNKNOWN_CARD, None, True),
        ("?-?", TrackState.UNKNOWN_CARD, None, True),
        ("---", TrackState.NO_CARD, None, True),
        ("??A", TrackState.STABILIZING, None, False),
        ("???A", TrackState.UNKNOWN_CARD, None, False),
        ("???A?", TrackState.UNKNOWN_CARD, None, True),
        ("???AAA", TrackState.CONFIRMED, "A", True),
        ("???aaa", TrackState.STABILIZING, None, False),
        ("---?", TrackState.NO_CARD, None, False),
        ("---AAA", TrackState.CONFIRMED, "A", True),
        ("---???", TrackState.UNKNOWN_CARD, None, True),
        ("AAAB", TrackState.CONFIRMED, "A", False),
        ("AAABA", TrackState.CONFIRMED, "A", True),
        ("AAAa", TrackState.CONFIRMED, "A", True),
        ("AAABBA", TrackState.CONFIRMED, "A", True),
        ("AAABBB", TrackState.CONFIRMED, "B", True),
        ("AAA????", TrackState.CONFIRMED, "A", False),
        ("AAAbbbb", TrackState.CONFIRMED, "A", False),
    ],
)
def test_transitions(letters, state, card_id, decided):
    verdict = run(letters)
    assert (verdict.state, verdict.card_id, verdict.decided) == (state, card_id, decided)


@pytest.mark.parametrize(
    ("letters", "state"),
    [("????", TrackState.UNKNOWN_CARD), ("----", TrackState.NO_CARD), ("bbbb", TrackState.STABILIZING)],
)
def test_a_confirmed_card_gives_way_to_doubt_that_lasts(letters, state):
    assert run(letters, frames_apart=10, verdict=run("AAA")).state is state
    assert run(letters[:3], frames_apart=10, verdict=run("AAA")).state is TrackState.CONFIRMED
    interrupted = letters[:2] + "A" + letters[2:]
    assert run(interrupted, frames_apart=10, verdict=run("AAA")).state is TrackState.CONFIRMED


def test_a_candidate_is_one_whose_readings_name_cards_without_deciding():
    assert run("aaa").candidate
    assert run("ABA").candidate
    assert not run("aa").candidate
    assert not run("a?a").candidate


@given(st.text("ABab?-", max_size=25), st.integers(1, 20))
def test_nothing_is_confirmed_without_three_agreeing_readings_in_a_row(letters, frames_apart):
    verdict, confirmed = Verdict(), None
    for number, letter in enumerate(letters):
        verdict = advance(verdict, reading(letter, number * frames_apart), SETTINGS)
        if verdict.card_id not in (None, confirmed):
            assert letters[number - 2 : number + 1] == 3 * verdict.card_id
        assert (verdict.card_id is not None) == (verdict.state is TrackState.CONFIRMED)
        confirmed = verdict.card_id


@given(st.text("ABab?-", max_size=12), st.sampled_from("Bb?-"))
def test_one_disagreeing_reading_never_changes_a_confirmed_card(before, letter):
    confirmed = run("AAA", verdict=run(before))
    assert run(letter, verdict=confirmed).card_id == "A"


@given(st.text("ABab?-", max_size=12), st.sampled_from("AB?"))
def test_readings_that_agree_for_long_enough_always_decide(before, letter):
    verdict = run(6 * letter, frames_apart=10, verdict=run(before))
    assert verdict.decided
    assert verdict.card_id == (letter if letter != "?" else None)


@pytest.mark.parametrize("worth", Worth)
def test_a_reading_says_what_its_answer_is_worth(worth):
    matches = (Match(card_id="A", distance=0.1, rotation=0), Match(card_id="B", distance=0.9, rotation=0))
    judged = judge(Recognition(matches=matches, embedding=np.zeros(2, np.float32), worth=worth), 7)
    assert (judged.worth, judged.frame_id) == (worth, 7)
    assert judged.card_id == ("A" if judged.readable else None)


def test_an_answer_without_matches_is_no_card():
    assert judge(Recognition(matches=(), embedding=np.zeros(2, np.float32)), 0).worth is Worth.NOT_A_CARD
