from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from tests.calibrations import by_distance
from training.calibration.fitting import VERSION
from training.errors import CalibrationError
from training.index import calibrating
from training.index.calibrating import Wanted, calibrated, describe_calibration

CARDS = 200
SHARE = {"value": 0.001, "hits": 1, "count": 1000, "interval_95": [0.0, 0.004]}
MEASURED = {
    "version": VERSION, "false_accepts": 0.001, "arts_kept_apart": 66, "unknown_confirmed": SHARE,
    "unknown_named": SHARE, "known_confirmed": SHARE, "known_confirmed_wrongly": SHARE,
    "calibration_error": 0.01,
}  # fmt: skip
FRESH = by_distance().model_copy(update={"measured": MEASURED})
FORMER = by_distance(confirmed=0.3).model_copy(update={"measured": MEASURED})
GALLERY = made_up_gallery(random_unit_vectors(np.random.default_rng(0), 2 * CARDS, 8))
IMAGES = [None] * CARDS


@pytest.fixture
def measured(monkeypatch):
    """How often a calibration was measured."""
    asked = []
    monkeypatch.setattr(calibrating, "calibrate", lambda *_: asked.append(1) or FRESH)
    return asked


def outcome(tmp_path: Path, former, *, changed: int = 0, false_accepts: float = 0.001):
    wanted = Wanted(false_accepts=false_accepts, workers=1, folder=tmp_path, changed=changed)
    return calibrated(GALLERY, None, IMAGES, former, wanted)


def test_a_new_gallery_is_calibrated_and_nothing_is_left_behind(tmp_path: Path, measured):
    assert outcome(tmp_path, None).calibration is FRESH
    assert list(tmp_path.iterdir()) == []
    assert len(measured) == 1


def test_a_few_changed_images_keep_the_calibration_until_they_are_more_than_one_in_a_hundred(tmp_path: Path, measured):
    once = outcome(tmp_path, FORMER, changed=1)
    assert "before 1 images changed" in describe_calibration(once)[0]
    twice = outcome(tmp_path, once.calibration, changed=1)
    assert twice.calibration.measured["changed_since"] == 2
    assert (measured, twice.calibration.cheap) == ([], FORMER.cheap)
    assert outcome(tmp_path, twice.calibration, changed=1).calibration is FRESH


def test_another_rate_is_measured_anew(tmp_path: Path, measured):
    assert outcome(tmp_path, FORMER, false_accepts=0.01).calibration is FRESH


def test_a_calibration_of_other_evidence_is_measured_anew(tmp_path: Path, measured):
    older = FORMER.model_copy(update={"measured": {k: v for k, v in MEASURED.items() if k != "version"}})
    assert outcome(tmp_path, older).calibration is FRESH


def test_too_few_cards_leave_it_uncalibrated_with_the_reason(tmp_path: Path, monkeypatch):
    def refuse(*_):
        raise CalibrationError("too few")

    monkeypatch.setattr(calibrating, "calibrate", refuse)
    found = outcome(tmp_path, None)
    assert found.calibration is None
    assert describe_calibration(found) == ["uncalibrated: too few; nothing will be confirmed"]


def test_an_interval_that_reaches_over_the_aim_is_told_as_undecided(tmp_path: Path, measured):
    assert "aim 0.10%: undecided" in "\n".join(describe_calibration(outcome(tmp_path, None)))
    low = replace(outcome(tmp_path, None))
    missed = low.calibration.model_copy(
        update={"measured": MEASURED | {"unknown_confirmed": SHARE | {"interval_95": [0.002, 0.01]}}}
    )
    assert "aim 0.10%: missed" in "\n".join(describe_calibration(replace(low, calibration=missed)))
