import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.manifests import EvidenceWeights
from edge.recognition.belief import Worth, believe, is_open, log_odds, probability, worth_of
from edge.recognition.evidence import Evidence
from tests.calibrations import by_distance

WEIGHTS = EvidenceWeights(intercept=1, distance=-10, lead=20, separation=0.5)
WITH_AGREEMENT = WEIGHTS.model_copy(update={"intercept": 0.0, "agreement": 4.0})
FULL = by_distance().model_copy(update={"cheap": WEIGHTS, "full": WITH_AGREEMENT})


def test_evidence_is_weighed_with_agreement_only_where_that_was_looked_at():
    cheap = Evidence(distance=0.2, lead=0.1, separation=4.0)
    assert log_odds(cheap, FULL) == pytest.approx(1 - 2 + 2 + 2)
    full = Evidence(distance=0.2, lead=0.1, separation=4.0, agreement=0.5)
    assert log_odds(full, FULL) == pytest.approx(0 - 2 + 2 + 2 + 2)
    assert log_odds(full, FULL.model_copy(update={"full": None})) == log_odds(cheap, FULL)


def test_agreement_is_looked_at_where_it_can_change_the_answer():
    assert is_open(Evidence(distance=0.2, lead=0.1, separation=4.0), FULL)
    assert not is_open(Evidence(distance=0.0, lead=0.6, separation=4.0), FULL)
    assert not is_open(Evidence(distance=1.0, lead=0.0, separation=0.0), FULL)
    assert not is_open(Evidence(distance=0.2, lead=0.1, separation=4.0), by_distance())


odds = st.floats(-40, 40)


@given(odds, st.lists(odds, max_size=5), st.floats(0, 1))
def test_probabilities_of_all_candidates_and_of_none_are_at_most_one_together(first, others, share):
    belief = believe(first, [-math.inf, *others], [share, *[0.0] * len(others)], 0.9)
    assert all(0 <= each <= 1 for each in (*belief.probabilities, belief.none))
    assert sum(belief.probabilities) + belief.none == pytest.approx(1 - belief.art * (1 - share))
    assert belief.probabilities[0] == pytest.approx(share * probability(first))


def test_what_is_no_number_proves_nothing():
    belief = believe(math.nan, [-math.inf], [1.0], 0.9)
    assert belief.art < 1e-12
    assert belief.none > 1 - 1e-12
    assert not belief.log_odds >= belief.needed


def test_look_alikes_share_what_their_art_has():
    belief = believe(2.0, [-math.inf, -math.inf, -3.0], [0.5, 0.5, 0.0], 0.9)
    assert belief.probabilities[:2] == pytest.approx((probability(2.0) / 2,) * 2)
    assert belief.probabilities[2] / belief.none == pytest.approx(math.exp(-3.0))


@pytest.mark.parametrize(
    ("distance", "tied", "worth"),
    [
        (0.10, False, Worth.STRONG),
        (0.25, False, Worth.STRONG),
        (0.26, False, Worth.WEAK),
        (0.39, False, Worth.WEAK),
        (0.41, False, Worth.UNKNOWN),
        (0.50, False, Worth.UNKNOWN),
        (0.51, False, Worth.NOT_A_CARD),
        (0.10, True, Worth.WEAK),
        (0.60, True, Worth.NOT_A_CARD),
    ],
)
def test_the_calibration_and_ties_decide_what_an_answer_is_worth(distance, tied, worth):
    calibration = by_distance()
    odds_of_first = log_odds(Evidence(distance=distance, lead=0.0, separation=0.0), calibration)
    belief = believe(odds_of_first, [-math.inf], [1.0], 0.5)
    assert worth_of(distance, belief, calibration, tied=tied) is worth


def test_without_a_calibration_every_answer_is_a_candidate():
    assert worth_of(0.0, None, None, tied=False) is Worth.WEAK
    assert worth_of(1.5, None, None, tied=False) is Worth.WEAK
