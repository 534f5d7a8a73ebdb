from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.database.search import Match
from edge.pipeline.smoothing import Reading, Verdict, advance, fused_log_odds, judge
from edge.recognition.belief import Worth
from edge.recognition.recognition import Recognition
from edge.settings.sections import SmoothingSettings
from edge.wire.messages import TrackState

SETTINGS = SmoothingSettings(confirm_after=3, doubt_frames=30)
LETTERS = {"?": (Worth.UNKNOWN, None), "-": (Worth.NOT_A_CARD, None)}


LOG_ODDS = {Worth.STRONG: 6.0, Worth.WEAK: 2.0, Worth.UNKNOWN: -2.0, Worth.NOT_A_CARD: -6.0}
NEEDED = 5.0


def reading(letter: str, frame_id: int) -> Reading:
    """A strong reading of card A is "A", a weak one "a"; "?" is an unknown card, "-" no card."""
    strength = Worth.STRONG if letter.isupper() else Worth.WEAK
    worth, card_id = LETTERS.get(letter, (strength, letter.upper()))
    return Reading(worth=worth, card_id=card_id, frame_id=frame_id, log_odds=LOG_ODDS[worth], needed=NEEDED)


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
        ("AABA", TrackState.CONFIRMED, "A", True),
        ("AABBA", TrackState.STABILIZING, None, False),
        ("A?AA", TrackState.CONFIRMED, "A", True),
        ("A??AA", TrackState.STABILIZING, None, False),
        ("ABABAB", TrackState.STABILIZING, None, False),
        ("aaaaaa", TrackState.STABILIZING, None, False),
        ("aaAaa", TrackState.STABILIZING, None, False),
        ("AaA", TrackState.CONFIRMED, "A", True),
        ("aaA", TrackState.STABILIZING, None, False),
        ("?", TrackState.STABILIZING, None, False),
        ("???", TrackState.UNKNOWN_CARD, None, True),
        ("?-?", TrackState.UNKNOWN_CARD, None, True),
        ("---", TrackState.NO_CARD, None, True),
        ("??A", TrackState.STABILIZING, None, False),
        ("??A?", TrackState.UNKNOWN_CARD, None, True),
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
def test_nothing_is_confirmed_without_three_readings_of_it_among_the_newest_four(letters, frames_apart):
    verdict, confirmed = Verdict(), None
    for number, letter in enumerate(letters):
        verdict = advance(verdict, reading(letter, number * frames_apart), SETTINGS)
        if verdict.card_id not in (None, confirmed):
            newest = letters[max(0, number - 3) : number + 1].upper()
            assert newest.count(verdict.card_id) >= 3
            assert newest[-1] == verdict.card_id
        assert (verdict.card_id is not None) == (verdict.state is TrackState.CONFIRMED)
        confirmed = verdict.card_id


@given(st.text("ab?-", max_size=25))
def test_weak_readings_are_no_proof_however_many_agree(letters):
    assert run(letters).state is not TrackState.CONFIRMED


def test_readings_of_one_card_say_little_more_than_one_of_them():
    one = reading("A", 0)
    assert fused_log_odds([one]) == 6.0
    assert 6.0 < fused_log_odds([one] * 3) < fused_log_odds([one] * 30) < 6.0 / 0.8


def test_a_blurred_reading_counts_less():
    sharp, blurred = reading("A", 0), replace(reading("a", 0), weight=0.5)
    assert fused_log_odds([sharp, sharp, blurred]) > fused_log_odds([sharp, sharp, replace(blurred, weight=1.0)])


def test_a_printing_that_ties_is_neither_for_nor_against():
    tied = replace(reading("b", 0), tied=True)
    verdict = Verdict()
    for each in (reading("A", 0), tied, reading("A", 2), tied, reading("A", 4)):
        verdict = advance(verdict, each, SETTINGS)
    assert verdict.state is TrackState.STABILIZING
    assert run("AAA").card_id == "A"
    for each in (tied,) * 8:
        verdict = advance(verdict, each, SETTINGS)
    assert verdict.state is TrackState.STABILIZING


def test_an_uncalibrated_answer_confirms_nothing():
    matches = (Match(card_id="A", distance=0.0, rotation=0),)
    verdict = Verdict()
    for frame_id in range(6):
        answer = Recognition(matches=matches, embedding=np.zeros(2, np.float32), worth=Worth.WEAK)
        verdict = advance(verdict, judge(answer, frame_id), SETTINGS)
    assert verdict.state is TrackState.STABILIZING


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
