"""The centering object of messages and reports: the same JSON, byte for byte, as programs have read since version 1."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from pydantic import TypeAdapter

from edge.centering.figures.report import centering_report
from edge.centering.result import Balance, Centering, Estimate, Figures, GradeChance, Place, Registration
from edge.geometry import SIDES
from edge.wire.centering import CenteringReport
from edge.wire.envelope import Topic
from edge.wire.messages import TrackState
from edge.wire.schema import shipped_schema
from tests.wire_messages import bare_message

RECORDED = Path(__file__).parent / "recorded"
BORDERS = {side: Estimate(value=2.5 + 0.123456 * k, std=0.0123456 * (k + 1)) for k, side in enumerate(SIDES)}
REGISTRATION = Registration(
    shift_mm=(Estimate(value=-0.31234567, std=0.02), Estimate(value=0.5, std=0.030049)),
    shared_std_mm=(0.01, 0.01),
    rotation_deg=Estimate(value=-0.0, std=0.01),
    scale=(Estimate(value=1.00049, std=1e-5), Estimate(value=0.99951, std=0.0004)),
    correlation=0.98765,
    agreeing=1.0,
)
BORDERED = Registration(
    shift_mm=REGISTRATION.shift_mm,
    shared_std_mm=REGISTRATION.shared_std_mm,
    rotation_deg=REGISTRATION.rotation_deg,
    scale=REGISTRATION.scale,
    correlation=0.9,
    agreeing=0.5,
    borders_mm={side: Estimate(value=each.value + 0.05, std=0.02) for side, each in BORDERS.items()},
    left_right=Balance(first=49.12345, std=0.51234),
    top_bottom=Balance(first=51.0, std=0.6),
)
FIGURES = Figures(
    borders_mm=BORDERS,
    left_right=Balance(first=50.0, std=0.33333),
    top_bottom=Balance(first=48.76543, std=1.0),
    rotation_deg=Estimate(value=0.123456, std=0.00001),
    skew_deg=(0.0, -0.04321),
    straightness_mm=dict.fromkeys(SIDES, 0.01),
    grades={
        "PSA": GradeChance(best="10", probability=0.987654, verified=True),
        "House": GradeChance(best=None, below="1", probability=1.0, verified=False),
    },
)
PLACES = (
    Place(
        side="left",
        position_mm=22.0,
        outer_px=(np.float64(100.12345), np.float64(7.0)),
        inner_px=(130.98765, 7.5),
        width_mm=np.float64(2.51234),
        std_mm=0.04,
        shared_std_mm=0.02,
        outlier=False,
    ),
    Place(
        side="top",
        position_mm=12.6,
        outer_px=(1.0, 2.0),
        inner_px=None,
        width_mm=None,
        std_mm=None,
        shared_std_mm=0.02,
        outlier=True,
    ),
)
CENTERINGS = {
    "refused": Centering(figures=None, reason="no printed border: ä", face="back", notes=("a sleeve",)),
    "borderless": Centering(figures=None, reason="no printed border", registration=REGISTRATION, px_per_mm=10.0),
    "bordered": Centering(
        figures=FIGURES, registration_reason="no reference", places=PLACES, px_per_mm=14.04567, frames=3
    ),
    "both-answers": Centering(figures=FIGURES, registration=BORDERED, places=PLACES, px_per_mm=14.0),
    "by-registration": Centering(
        figures=FIGURES, method="registration", registration=BORDERED, places=PLACES, px_per_mm=14.0
    ),
}


def message(centering):
    return bare_message(topic=Topic.UPDATED, state=TrackState.CONFIRMED, centering=centering)


@pytest.mark.parametrize("name", CENTERINGS)
def test_what_is_published_is_the_json_that_was_recorded(name):
    sent = message(centering_report(CENTERINGS[name])).model_dump_json()
    assert sent.encode() == (RECORDED / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", CENTERINGS)
def test_the_commands_write_the_same_object_as_the_messages(name):
    report = centering_report(CENTERINGS[name])
    written = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
    assert f'"centering":{written},' in (RECORDED / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CENTERINGS)
def test_a_report_is_read_back_as_what_it_was(name):
    report = centering_report(CENTERINGS[name])
    assert TypeAdapter(CenteringReport).validate_json(report.model_dump_json()) == report


def test_the_schema_knows_each_field_and_when_it_is_there():
    validator = jsonschema.Draft202012Validator(json.loads(shipped_schema("card")))
    for name in CENTERINGS:
        sent = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
        validator.validate(sent)
        for key in sent["centering"]:
            less = {k: v for k, v in sent["centering"].items() if k != key}
            assert not validator.is_valid(sent | {"centering": less}), key
        newer = sent["centering"] | {"else": 1}
        assert validator.is_valid(sent | {"centering": newer})
        assert (
            TypeAdapter(CenteringReport).validate_python(newer, extra="ignore").model_dump(mode="json")
            == sent["centering"]
        )
