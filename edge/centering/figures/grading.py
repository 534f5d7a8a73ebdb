"""Grading companies' centering tolerances, and how likely a card keeps them."""

import functools
import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.centering.result import Balance, Face, GradeChance
from edge.errors import ConfigurationError
from edge.files.regular_files import read_utf8

Tolerance = tuple[float, float]


class Grade(BaseModel):
    """One grade: the largest share, in per cent, that the better and the worse centred direction may have.

    Attributes:
        verified: false where the company's table is verified, but not this line of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    grade: str
    front: Tolerance
    back: Tolerance
    verified: bool = True


class Company(BaseModel):
    """One grading company's table, best grade first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    checked: str
    verified: bool
    grades: list[Grade] = Field(min_length=1)


class GradingTables(BaseModel):
    """All tables.

    Attributes:
        rounding_points: companies state whole points: 55/45 is kept up to 55 + this.
        companies: by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rounding_points: float = Field(ge=0)
    companies: dict[str, Company]


@functools.cache
def shipped_tables() -> GradingTables:
    """The tables that come with the package (`grading.json`)."""
    text = resources.files(__package__).joinpath("grading.json").read_text(encoding="utf-8")
    return GradingTables.model_validate_json(text)


def read_tables(path: Path) -> GradingTables:
    """Tables from a file of the user, laid out as `grading.json`.

    Raises:
        ConfigurationError: when the file is missing or not laid out so.
    """
    try:
        return GradingTables.model_validate_json(read_utf8(path))
    except (OSError, ValidationError) as error:
        raise ConfigurationError(f"cannot read grading tables from {path}: {error}") from error


def grade_chances(
    tables: GradingTables, left_right: Balance, top_bottom: Balance, face: Face
) -> dict[str, GradeChance]:
    """The best grade of each company, with the probability that its tolerance is kept."""
    return _chances(tables, {face: (left_right, top_bottom)})


def grade_chances_of_both(
    tables: GradingTables, front: tuple[Balance, Balance], back: tuple[Balance, Balance]
) -> dict[str, GradeChance]:
    """The best grade of each company that the centering of a card's front and of its back allow together."""
    return _chances(tables, {"front": front, "back": back})


def _chances(tables: GradingTables, faces: Mapping[Face, tuple[Balance, Balance]]) -> dict[str, GradeChance]:
    return {name: _best_grade(each, tables.rounding_points, faces) for name, each in tables.companies.items()}


def _best_grade(company: Company, rounding: float, faces: Mapping[Face, tuple[Balance, Balance]]) -> GradeChance:
    for grade in company.grades:
        limits = {face: _limits(grade, rounding, face) for face in faces}
        verified = company.verified and grade.verified
        chance = math.prod(_both_within(balances, *limits[face]) for face, balances in faces.items())
        if all(_kept(balances, limits[face]) for face, balances in faces.items()):
            return GradeChance(best=grade.grade, probability=chance, verified=verified)
    return GradeChance(best=None, below=grade.grade, probability=1 - chance, verified=verified)


def _kept(balances: tuple[Balance, Balance], limits: Tolerance) -> bool:
    better, worse = sorted(max(balance.ratio) for balance in balances)
    return better <= limits[0] and worse <= limits[1]


def _limits(grade: Grade, rounding: float, face: Face) -> Tolerance:
    better, worse = grade.front if face == "front" else grade.back
    return better + rounding, worse + rounding


def _both_within(balances: tuple[Balance, Balance], better: float, worse: float) -> float:
    """Probability that both shares are within `worse` and at least one within `better`."""
    wide = [_within(balance, worse) for balance in balances]
    narrow = [_within(balance, better) for balance in balances]
    return wide[0] * wide[1] - (wide[0] - narrow[0]) * (wide[1] - narrow[1])


def _within(balance: Balance, limit: float) -> float:
    """Probability that neither share exceeds the limit, the error being normal."""
    scale = max(balance.std, 1e-9) * math.sqrt(2)
    upper = math.erf((limit - balance.first) / scale)
    lower = math.erf((100 - limit - balance.first) / scale)
    return (upper - lower) / 2
