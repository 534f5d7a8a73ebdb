import pytest

from edge.errors import ConfigurationError
from training.evaluation.scenes import FIRST_HELD_OUT_SEED
from training.evaluation.sensor import (
    CPU,
    FLOAT,
    INT8,
    EmulatedSensor,
    SceneFound,
    held_out,
    recall_change,
    scenes_table,
)


def scene(number: int, *errors: float | None, false: int = 0, condition: str = "clean") -> SceneFound:
    found = sum(error is not None for error in errors)
    return SceneFound(scene=number, condition=condition, errors=errors, detections=found + false, false=false)


BEFORE = [scene(1, 0.01, 0.02), scene(2, 0.03, 0.01, condition="glare"), scene(3, 0.01)]
AFTER = [scene(1, 0.01, None, false=1), scene(2, 0.03, 0.01, condition="glare"), scene(3, 0.01)]


def test_the_table_counts_cards_and_detections():
    table = scenes_table({CPU: BEFORE, FLOAT: BEFORE, INT8: AFTER})
    rows = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("|")}
    assert "| 100.0 % " in rows[FLOAT]
    assert rows[INT8].startswith(f"| {INT8} | 80.0 % (")
    assert "| 80.0 % (" in rows[INT8].removeprefix(f"| {INT8} | 80.0 % (")
    assert rows["clean"] == "| clean | 100.0 % | 100.0 % | 66.7 % | 3 |"
    assert "8 bits change recall by -20.00 points" in table


def test_the_change_of_recall_is_of_the_same_scenes():
    low, value, high = recall_change(BEFORE, AFTER)
    assert value == pytest.approx(-0.2)
    assert low <= value <= high <= 0
    assert recall_change(BEFORE, BEFORE) == (0.0, 0.0, 0.0)


def test_the_scenes_are_those_that_everything_is_reported_on():
    scenes = list(held_out(60))
    assert [seed for _, seed in scenes] == list(range(FIRST_HELD_OUT_SEED, FIRST_HELD_OUT_SEED + 60))
    assert {"clean", "everything", "unknown cards"} <= {condition for condition, _ in scenes}


def test_a_job_that_was_not_carried_out_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="that was carried out"):
        EmulatedSensor(tmp_path / "outline-imx500-int8.onnx")
