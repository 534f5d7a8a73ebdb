import pytest

from edge.settings.sections import RecognitionSettings
from edge.simulator.script import Scenario
from training.evaluation.decisions import Decision, decisions_on_the_bench, decisions_to_markdown


def test_frames_are_counted_and_those_within_the_aim_are_told():
    made = [Decision(frames=2, right=True), Decision(frames=2, right=True), Decision(frames=9, right=False)]
    assert decisions_to_markdown(made).splitlines()[2:] == [
        "| 2 | 2 |",
        "| 9 | 1 |",
        "",
        "Within 4: 2 of 3; rightly: 2 of 3.",
    ]


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("scenario", list(Scenario))
def test_cards_of_the_bench_are_confirmed_within_four_frames_of_the_first_sharp_one(scenario):
    found = list(decisions_on_the_bench(300, scenario, RecognitionSettings()))
    assert found
    assert all(each.right for each in found)
    assert sum(each.frames <= 4 for each in found) >= 0.9 * len(found)
