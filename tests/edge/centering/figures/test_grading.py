import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.centering.figures.grading import grade_chances, grade_chances_of_both, read_tables, shipped_tables
from edge.centering.result import Balance
from edge.errors import ConfigurationError


def psa(left, top, std=0.01, face="front"):
    return grade_chances(shipped_tables(), Balance(first=left, std=std), Balance(first=top, std=std), face)["PSA"]


@pytest.mark.parametrize(
    ("left", "top", "face", "grade"),
    [
        (50, 50, "front", "10"),
        (55, 45, "front", "10"),
        (56, 50, "front", "9"),
        (50, 38, "front", "8"),
        (30, 50, "front", "7"),
        (79, 50, "front", "6"),
        (15, 50, "front", "5"),
        (50, 90, "front", "3"),
        (95, 50, "front", None),
        (74, 50, "back", "10"),
        (76, 50, "back", "9"),
        (91, 50, "back", None),
    ],
)
def test_the_best_grade_follows_the_table(left, top, face, grade):
    assert psa(left, top, face=face).best == grade


def test_bgs_wants_one_direction_better_than_the_other():
    tables = shipped_tables()
    chances = [
        grade_chances(tables, Balance(first=a, std=0.1), Balance(first=b, std=0.1), "front")["BGS"].best
        for a, b in ((50, 50), (50, 55), (55, 50), (55, 55))
    ]
    assert chances == ["10", "9.5", "9.5", "9"]


@pytest.mark.parametrize(
    ("company", "left", "grade"),
    [
        ("BGS", 60, "8"), ("BGS", 63, "7"), ("BGS", 70, "6"), ("BGS", 98, "1"), ("CGC", 63, "8"), ("CGC", 84, "4.5"),
        ("CGC", 92, "below 3.5"), ("TAG", 62, "8.5"), ("TAG", 94, "2"), ("SGC", 75, "below 7"),
        ("PSA", 93, "below 1.5"),
    ],
)  # fmt: skip
def test_a_card_that_is_far_off_centre_has_a_grade_or_is_below_one(company, left, grade):
    chance = grade_chances(shipped_tables(), Balance(first=left, std=0.1), Balance(first=50, std=0.1), "front")[company]
    assert chance.title == grade
    assert chance.probability > 0.999
    assert not (chance.verified and company != "PSA")


def test_just_outside_a_table_it_is_as_likely_to_be_inside():
    limit = 90 + shipped_tables().rounding_points
    chance = psa(limit + 1e-6, 50, std=1.0)
    assert (chance.best, chance.below) == (None, "1.5")
    assert chance.probability == pytest.approx(0.5, abs=1e-3)


def test_the_probability_is_that_of_a_normal_error():
    limit = 55 + shipped_tables().rounding_points
    one_std_inside = psa(limit - 1, 50, std=1.0)
    assert one_std_inside.probability == pytest.approx(0.5 * (1 + math.erf(1 / math.sqrt(2))), abs=1e-3)
    assert psa(limit - 1e-6, 50, std=1.0).probability == pytest.approx(0.5, abs=1e-3)
    assert psa(52, 51, std=0.2).probability > 0.999


@given(st.floats(5, 95), st.floats(5, 95), st.floats(0, 5))
def test_directions_are_worth_the_same_and_probabilities_are_probabilities(left, top, std):
    first, exchanged = psa(left, top, std), psa(top, left, std)
    assert 0 <= first.probability <= 1
    assert exchanged.best == first.best
    assert exchanged.probability == pytest.approx(first.probability)


def test_unsourced_tables_say_so():
    tables = shipped_tables()
    assert {name for name, company in tables.companies.items() if not company.verified} == {"SGC", "TAG"}
    assert all(company.source and company.checked for company in tables.companies.values())


@pytest.mark.parametrize("face", ["front", "back"])
def test_a_lower_grade_never_asks_for_more(face):
    for company in shipped_tables().companies.values():
        limits = [getattr(grade, face) for grade in company.grades]
        assert all(
            better <= lower for first, second in pairwise(limits) for better, lower in zip(first, second, strict=True)
        )


def test_tables_of_the_user_are_read(tmp_path):
    file = tmp_path / "mine.json"
    grade = {"grade": "A", "front": [52, 53], "back": [60, 60]}
    company = {"source": "me", "checked": "2025-01", "verified": False, "grades": [grade]}
    file.write_text(json.dumps({"rounding_points": 0, "companies": {"Mine": company}}))
    chances = grade_chances(read_tables(file), Balance(first=52, std=0.01), Balance(first=47, std=0.01), "front")
    assert (chances["Mine"].best, chances["Mine"].verified) == ("A", False)


@pytest.mark.parametrize("text", ["", "{}", '{"rounding_points": -1, "companies": {}}', "[1]"])
def test_unusable_tables_are_refused(tmp_path, text):
    file = tmp_path / "mine.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="mine.json"):
        read_tables(file)


def test_missing_tables_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="nothing.json"):
        read_tables(tmp_path / "nothing.json")


def test_a_front_and_a_back_are_graded_together():
    tables = shipped_tables()
    good, poor = Balance(first=51.0, std=0.3), Balance(first=72.0, std=0.3)
    alone = grade_chances(tables, good, good, "front")["PSA"]
    assert alone.best == "10"
    both = grade_chances_of_both(tables, (good, good), (poor, good))["PSA"]
    assert both.best == "10"
    worse = grade_chances_of_both(tables, (good, good), (Balance(first=85.0, std=0.3), good))["PSA"]
    assert worse.best == "9"
    assert both.probability <= alone.probability
