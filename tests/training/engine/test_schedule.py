import pytest

from training.engine.schedule import Budget, Margin, Schedule
from training.errors import TrainingError

SCHEDULE = Schedule(learning_rate=0.1, warm_up=0.1)


def test_budget_counts_steps_or_minutes():
    assert Budget(steps=10).progress(step=5, elapsed_s=1e6) == 0.5
    assert Budget(minutes=2).progress(step=10**6, elapsed_s=30) == 0.25
    assert Budget(minutes=2).progress(step=0, elapsed_s=500) == 1


@pytest.mark.parametrize("limits", [{}, {"steps": 1, "minutes": 1}, {"steps": 0}, {"minutes": -1}])
def test_a_budget_without_one_positive_limit_is_refused(limits):
    with pytest.raises(TrainingError, match="steps or of minutes"):
        Budget(**limits)


def test_learning_rate_rises_then_falls_to_almost_nothing():
    assert SCHEDULE.learning_rate_at(0) == pytest.approx(0.001)
    assert SCHEDULE.learning_rate_at(0.1) == pytest.approx(0.1)
    assert SCHEDULE.learning_rate_at(0.55) == pytest.approx(0.0505)
    assert SCHEDULE.learning_rate_at(1) == pytest.approx(0.001)


def test_margin_grows_to_its_full_size():
    assert [Margin(radians=0.4).at(progress) for progress in (0, 0.25, 0.5, 1)] == pytest.approx([0, 0.2, 0.4, 0.4])


def test_a_margin_without_warm_up_is_full_at_once():
    assert Margin(radians=0.5, warm_up=0).at(0) == 0.5
