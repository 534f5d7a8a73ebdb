import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import ConfigurationError
from edge.simulator.sets import demo_cards
from tests.calibrations import by_distance
from tests.training.conftest import coarse_cards
from training.evaluation.baseline import HashGallery
from training.evaluation.crops import CropJob, render_crop, render_looks
from training.evaluation.held_out import folder_held_out, half_unknown, simulated_images
from training.evaluation.refusal import Look, Shown
from training.evaluation.refusal_curves import draw_refusal
from training.evaluation.refusal_figures import summarise_refusal
from training.evaluation.refusal_report import refusal_to_markdown


def look(card_id: str, probability: float, distance: float = 0.2) -> Look:
    return Look(
        card_id=card_id,
        confirmed=probability > 0.9,
        named=probability > 0.3,
        probabilities=(probability, probability),
        distance=distance,
        ratio=distance / 0.5,
    )


def shown(card_id: str, known: bool, looks, verdict=None, condition="clean") -> Shown:
    return Shown(
        card_id=card_id,
        known=known,
        condition=condition,
        looks=tuple(looks),
        verdict=verdict,
        hashed={"hash, separation": (card_id, 5.0)},
    )


EVERYTHING = [
    shown("a", True, [look("a", 0.95), look("a", 0.95)], verdict="a"),
    shown("b", True, [look("a", 0.95), look("b", 0.55)], verdict="a"),
    shown("x", False, [look("a", 0.35), look("b", 0.05, 0.4)]),
    shown("y", False, [look("a", 0.95), look("a", 0.05, 0.4)], condition="everything"),
]


def test_verdicts_and_looks_are_counted_apart():
    summary = summarise_refusal(EVERYTHING, 2, [by_distance()])
    hits = {key: (row["hits"], row["count"]) for key, row in summary["all"].items()}
    assert hits == {
        "known_confirmed": (1, 2),
        "known_confirmed_wrongly": (1, 2),
        "known_confirmed_by_a_look": (2, 4),
        "known_named_rightly": (3, 4),
        "unknown_confirmed": (0, 2),
        "unknown_confirmed_by_a_look": (1, 4),
        "unknown_named": (2, 4),
    }
    assert summary["conditions"]["everything"]["unknown_confirmed_by_a_look"]["count"] == 2


def test_the_calibration_error_and_the_coverage_are_of_all_looks():
    summary = summarise_refusal(EVERYTHING, 2, [by_distance()])
    assert sum(row["looks"] for row in summary["reliability"]["bins"]) == 8
    gaps = 2 * 0.05 + abs(4 * 0.95 - 2) + 0.45 + 0.35
    assert summary["reliability"]["calibration_error"] == pytest.approx(gaps / 8)
    assert summary["coverage"][1] == {"level": 0.9, "answered": 0.5, "wrong": 0.5}
    assert summary["curve"]["answered"][3] == 0.5
    assert summary["curve"]["wrong"][3] == 0.5
    assert summary["curve"]["wrong"][-1] == 0.625


def test_rules_are_compared_at_the_same_rate_of_unknown_cards():
    rules = summarise_refusal(EVERYTHING, 2, [by_distance()])["rules"]
    assert set(rules) == {"probability", "distance", "distance ratio", "hash, separation"}
    assert [row["unknown_confirmed"] for row in rules["probability"]] == [0.005, 0.02]
    assert rules["probability"][0]["known_confirmed"]["hits"] == 0


def test_an_interval_that_reaches_over_the_aim_is_undecided():
    page = refusal_to_markdown({"command": "c", "galleries": [summarise_refusal(EVERYTHING, 2, [by_distance()])] * 2})
    assert (
        "unknown cards confirmed by the scanner's verdict | 0.00% (0/1; 1 cards) | 0.00% to 97.50% | at most 0.1% "
        "| undecided" in page
    )
    assert "## By size of the gallery" in page


def test_reliability_and_coverage_are_drawn(tmp_path: Path):
    draw_refusal({"galleries": [summarise_refusal(EVERYTHING, 2, [by_distance()])]}, tmp_path)
    assert cv2.imread(str(tmp_path / "refusal.png")).shape[1] == 900


def test_looks_at_a_card_that_lies_still_differ_in_noise_and_outline():
    job = CropJob(image=simulated_images(demo_cards()[:1])[0], condition="clean", seed=3)
    first, second = render_looks(job, 2)
    np.testing.assert_array_equal(first, render_crop(job))
    difference = np.abs(cv2.blur(first, (9, 9)).astype(int) - cv2.blur(second, (9, 9)))
    assert 0 < difference.mean() < 10


def test_the_nearest_hash_stands_out():
    cards = coarse_cards(20)
    gallery = HashGallery([(str(number), card) for number, card in enumerate(cards)], 16)
    card_id, separation = gallery.standing_out(cards[7])
    assert card_id == "7"
    assert separation > 4
    other, less = gallery.standing_out(cards[7], frozenset({"7"}))
    assert other != "7"
    assert less < separation


def test_half_of_the_arts_are_unknown_however_they_are_spelled(tmp_path: Path):
    (tmp_path / "cards").mkdir()
    metadata = {}
    for number in range(40):
        cv2.imwrite(str(tmp_path / "cards" / f"set-{number}_x.png"), coarse_cards(1, number)[0])
        name = f"Misty's no {number % 20}" if number < 20 else f"Misty’s  No. {number % 20}"
        metadata[f"set-{number}"] = {"name": name, "set_code": "s", "set_name": "S", "number": "1"}
    (tmp_path / "cards.json").write_text(json.dumps(metadata))
    known, unknown, _ = half_unknown(tmp_path / "cards", tmp_path / "cards.json")
    sides = [{int(image.card_id.partition("-")[2]) % 20 for image in side} for side in (known, unknown)]
    assert not sides[0] & sides[1]
    assert len(known) + len(unknown) == 40
    assert min(map(len, sides)) >= 5


def test_a_card_with_a_twin_in_the_gallery_is_no_unknown_one(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "cards").mkdir()
    metadata = {}
    for number in range(20):
        picture = coarse_cards(1, number if number else 19)[0]
        cv2.imwrite(str(tmp_path / "cards" / f"set-{number}_x.png"), picture)
        metadata[f"set-{number}"] = {"name": f"{number:02d}", "set_code": "s", "set_name": "S", "number": "1"}
    (tmp_path / "cards.json").write_text(json.dumps(metadata))
    monkeypatch.setattr("training.evaluation.held_out.split_gallery", lambda images, _: ([], images))
    cards = folder_held_out(tmp_path / "cards", tmp_path / "cards.json")
    assert len(cards.gallery) == 10
    assert len(cards.unknown) == 9
    assert "1 of 10 cards left out are not shown" in capsys.readouterr().err


def test_a_folder_of_one_card_cannot_be_halved(tmp_path: Path):
    (tmp_path / "cards").mkdir()
    cv2.imwrite(str(tmp_path / "cards" / "set-1_x.png"), coarse_cards(1, 0)[0])
    (tmp_path / "cards.json").write_text(
        json.dumps({"set-1": {"name": "One", "set_code": "s", "set_name": "S", "number": "1"}})
    )
    with pytest.raises(ConfigurationError, match="too few cards to leave half of them out"):
        half_unknown(tmp_path / "cards", tmp_path / "cards.json")
