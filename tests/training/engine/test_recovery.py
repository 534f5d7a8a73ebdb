import pytest

from training.engine.history import RETRY
from training.engine.recovery import MOST_RETRIES, Retries
from training.errors import TrainingError


def test_batches_are_split_until_nothing_is_left_to_split():
    retries = Retries()
    assert retries.split_more(step=7, cards=3) == {"step": 7, RETRY: 1, "reason": "out of memory", "parts": 2}
    with pytest.raises(TrainingError, match="even for 2 parts of each batch of 3"):
        retries.split_more(step=8, cards=3)


def test_the_rate_is_halved_a_few_times_and_then_it_is_an_error():
    retries = Retries()
    factors = [retries.slow_down(step, "the loss is infinite")["learning_rate_factor"] for step in range(MOST_RETRIES)]
    assert factors == [0.5, 0.25, 0.125]
    with pytest.raises(TrainingError, match="the loss is infinite, also after 3 retries"):
        retries.slow_down(9, "the loss is infinite")


def test_both_kinds_count_together():
    retries = Retries()
    for step in range(MOST_RETRIES):
        retries.slow_down(step, "the loss is infinite")
    with pytest.raises(TrainingError, match="memory"):
        retries.split_more(9, cards=64)


def test_a_checkpoint_keeps_what_was_changed_and_not_how_often():
    kept = Retries(count=2, rate_factor=0.25, parts=4).to_json()
    resumed = Retries()
    resumed.restore(kept)
    assert (resumed.count, resumed.rate_factor, resumed.parts) == (0, 0.25, 4)
