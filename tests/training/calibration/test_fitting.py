from dataclasses import replace

import numpy as np
import pytest

from edge.recognition.belief import believe, log_odds, probability
from edge.recognition.evidence import Evidence
from training.calibration.fitting import fit_calibration
from training.calibration.logistic import FEATURES, fit_logistic
from training.calibration.samples import Look, Sample, as_columns

GALLERY = "0" * 64


def evidence(rng: np.random.Generator, known: bool, agreement: bool = True) -> Evidence:
    """Known cards are nearer, lead by more, stand out more and agree better; all of it with some overlap."""
    return Evidence(
        distance=float(rng.normal(0.15 if known else 0.4, 0.08)),
        lead=float(rng.normal(0.3 if known else 0.05, 0.06)),
        separation=float(rng.normal(7 if known else 4, 1)),
        hash_lead=float(rng.normal(0.15 if known else -0.02, 0.05)),
        agreement=float(rng.normal(0.7 if known else 0.2, 0.15)) if agreement else None,
    )


def samples(arts: int, shots: int, *, seed: int = 0, agreement: bool = True) -> list[Sample]:
    rng = np.random.default_rng(seed)
    return [
        Sample(
            art=art,
            known=Look(evidence=evidence(rng, known=True, agreement=agreement), right=True),
            unknown=Look(evidence=evidence(rng, known=False, agreement=agreement), right=False),
            told_apart=art % 10 != 0 if art % 2 else None,
        )
        for art in range(arts)
        for _ in range(shots)
    ]


def test_other_unknown_cards_are_confirmed_no_more_often_than_was_asked():
    calibration = fit_calibration(samples(500, 6), 0.01, GALLERY)
    rng = np.random.default_rng(9)
    accepted = [
        probability(log_odds(evidence(rng, known=False), calibration)) >= calibration.confirmed for _ in range(8000)
    ]
    confirmed = [
        probability(log_odds(evidence(rng, known=True), calibration)) >= calibration.confirmed for _ in range(2000)
    ]
    assert np.mean(accepted) < 0.015
    assert np.mean(confirmed) > 0.95
    assert calibration.named < calibration.confirmed


def test_stated_probabilities_hold_on_what_was_not_fitted():
    calibration = fit_calibration(samples(500, 6), 0.01, GALLERY)
    assert calibration.measured["calibration_error"] < 0.01
    assert calibration.measured["arts_kept_apart"] == 167
    assert calibration.measured["unknown_confirmed"]["count"] == 167 * 6


def test_no_more_wrong_answers_are_accepted_than_the_rate_allows():
    found = samples(100, 10)
    calibration = fit_calibration(found, 0.004, GALLERY)
    wrong = [probability(log_odds(each.unknown.evidence, calibration)) for each in found]
    assert sum(each >= calibration.confirmed for each in wrong) <= 0.004 * len(wrong) + 1


def test_a_gallery_without_reference_pictures_is_calibrated_without_agreement():
    calibration = fit_calibration(samples(100, 10, agreement=False), 0.01, GALLERY)
    assert calibration.full is None
    assert calibration.cheap.lead > 0 > calibration.cheap.distance
    assert calibration.cheap.hash_lead > 0


def test_no_evidence_counts_the_wrong_way_round():
    """Agreement that says what the hash says already, less what tells nothing, would count against a card."""
    rng, found = np.random.default_rng(3), samples(100, 10)

    def redundant(look: Look) -> Look:
        seen = look.evidence
        noise = float(rng.normal(0, 0.03))
        mixed = replace(seen, hash_lead=seen.hash_lead + noise, agreement=0.2 + noise)
        return replace(look, evidence=mixed)

    found = [replace(each, known=redundant(each.known), unknown=redundant(each.unknown)) for each in found]
    columns = as_columns(found)
    _, free = fit_logistic(columns.rows, columns.right)
    assert free[FEATURES.index("agreement")] < -1
    calibration = fit_calibration(found, 0.01, GALLERY)
    assert calibration.full is None
    for weights in (calibration.cheap, calibration.full or calibration.cheap):
        assert weights.distance <= 0
        assert min(weights.lead, weights.separation, weights.hash_lead, weights.agreement) >= 0


def test_a_distance_that_counts_the_wrong_way_round_counts_for_nothing():
    """Beside a lead that a greater distance makes less of, distance itself would speak for a card."""
    rng = np.random.default_rng(4)

    def redundant(look: Look) -> Look:
        seen = look.evidence
        distance = 0.3 + float(rng.normal(0, 0.05))
        return replace(look, evidence=replace(seen, distance=distance, lead=seen.lead - 2 * (distance - 0.3)))

    found = [replace(each, known=redundant(each.known), unknown=redundant(each.unknown)) for each in samples(100, 10)]
    columns = as_columns(found)
    _, free = fit_logistic(columns.rows, columns.right)
    assert free[FEATURES.index("distance")] > 0
    calibration = fit_calibration(found, 0.01, GALLERY)
    assert calibration.cheap.distance == 0
    assert calibration.cheap.hash_lead > 0


def test_a_gallery_without_hashes_is_calibrated_without_them():
    without = [
        replace(
            each,
            known=replace(each.known, evidence=replace(each.known.evidence, hash_lead=None)),
            unknown=replace(each.unknown, evidence=replace(each.unknown.evidence, hash_lead=None)),
        )
        for each in samples(100, 10)
    ]
    calibration = fit_calibration(without, 0.01, GALLERY)
    assert calibration.cheap.hash_lead == calibration.full.hash_lead == 0
    assert calibration.full.agreement > 0


def test_look_alike_checks_that_decide_are_counted():
    calibration = fit_calibration(samples(100, 10), 0.01, GALLERY)
    assert calibration.told_apart == pytest.approx((500 + 1) / (500 + 2))


def test_however_well_all_is_told_apart_less_than_nine_in_ten_is_not_confirmed():
    sure = Look(evidence=Evidence(distance=0.0, lead=0.9, separation=9.0, hash_lead=0.2, agreement=0.9), right=True)
    not_at_all = Look(
        evidence=Evidence(distance=0.9, lead=0.0, separation=1.0, hash_lead=0.0, agreement=0.0), right=False
    )
    made = [Sample(art=art, known=sure, unknown=not_at_all, told_apart=None) for art in range(300)]
    calibration = fit_calibration(made, 0.01, GALLERY)
    assert calibration.confirmed == 0.9
    belief = believe(log_odds(sure.evidence, calibration), [float("-inf")], [1.0], calibration.confirmed)
    assert belief.art >= calibration.confirmed
