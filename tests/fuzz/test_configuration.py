"""Whatever a configuration says, it is settings or one sentence; so are calibrations and grading tables."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.calibration import read_calibration
from edge.calibration.stored import Calibration
from edge.centering.figures.grading import read_tables, shipped_tables
from edge.cli.config import toml_lines
from edge.errors import ScannerError
from edge.settings.settings import Settings, load_settings
from tests.fuzz.mutation import ODD_VALUES, damaged, damaged_json

pytestmark = pytest.mark.timeout(1200)

CALIBRATION = Calibration(
    sensor="camera", focus=None, width=4000, height=3000, focal_px=(3000, 3000), centre_px=(2000, 1500),
    coefficients=(0.1, 0, 0, 0, 0), reprojection_error_px=0.1, views=9, coverage=0.5,
    created="2024-01-01T00:00:00+00:00",
)  # fmt: skip
TOML_VALUES = (
    '""',
    "nan",
    "inf",
    "-1",
    "0",
    "1e308",
    "true",
    "[]",
    "{}",
    '"\\u0000"',
    '"../x"',
    "9" * 400,
    "1979-05-27",
)


def settings_with_an_odd_value(chance: random.Random) -> bytes:
    lines = [line for line in toml_lines(Settings()) if not line.startswith("#")]
    keys = [number for number, line in enumerate(lines) if "=" in line]
    for number in chance.sample(keys, 2):
        lines[number] = lines[number].partition("=")[0] + "= " + chance.choice(TOML_VALUES)
    content = "\n".join(lines).encode()
    return damaged(content, chance) if chance.random() < 0.5 else content


def environment_with_an_odd_value(chance: random.Random) -> dict[str, str]:
    section = chance.choice([*Settings.model_fields, "nonsense"])
    field = Settings.model_fields.get(section)
    keys = [*getattr(field.annotation, "model_fields", {}), ""] if field else ["key"]
    return {f"CARD_SCANNER_{section}__{chance.choice(keys)}".upper(): str(chance.choice(ODD_VALUES))}


def test_configuration(tmp_path: Path, rounds):
    path = tmp_path / "file"
    tables, calibration = shipped_tables().model_dump_json().encode(), CALIBRATION.model_dump_json().encode()
    kinds: list[tuple[Callable[[Path], object], Callable[[random.Random], bytes]]] = [
        (lambda path: load_settings(path, environment={}), settings_with_an_odd_value),
        (read_tables, lambda chance: damaged_json(tables, chance)),
        (read_calibration, lambda chance: damaged_json(calibration, chance)),
    ]

    def one_round(chance: random.Random) -> None:
        read, content = chance.choice(kinds)
        path.write_bytes(content(chance))
        for attempt in (lambda: read(path), lambda: load_settings(environment=environment_with_an_odd_value(chance))):
            try:
                attempt()
            except ScannerError as sentence:
                assert str(sentence)

    rounds(one_round)
