import pytest
import torch
from torch import nn

from training.engine.ema import AveragedModel


class Weights(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor([value]))
        self.register_buffer("count", torch.tensor([round(value)]))


def test_the_first_weights_are_soon_forgotten():
    averaged = AveragedModel(Weights(100.0), decay=0.99)
    for updates in range(20):
        averaged.update(Weights(1.0), updates)
    assert float(averaged.model.value) == pytest.approx(1.0, abs=0.01)


def test_late_weights_count_by_the_decay():
    averaged = AveragedModel(Weights(0.0), decay=0.9)
    averaged.update(Weights(1.0), 10_000)
    assert float(averaged.model.value) == pytest.approx(0.1)


def test_whole_numbers_are_taken_as_they_are():
    averaged = AveragedModel(Weights(0.0), decay=0.9)
    averaged.update(Weights(7.0), 10_000)
    assert averaged.model.count.tolist() == [7]


def test_the_average_is_apart_from_the_model_and_learns_nothing():
    model = Weights(3.0)
    averaged = AveragedModel(model, decay=0.9)
    with torch.no_grad():
        model.value.fill_(5.0)
    assert float(averaged.model.value) == 3.0
    assert not averaged.model.value.requires_grad
    assert not averaged.model.training
