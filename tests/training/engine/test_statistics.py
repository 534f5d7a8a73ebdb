import torch
from torch import nn

from training.engine.statistics import RunningStatistics


def test_statistics_come_back_as_they_were():
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.BatchNorm2d(4))
    statistics = RunningStatistics(network)
    before = statistics.copy()
    assert before.shape == (16,)
    network(torch.rand(2, 3, 5, 5) + 3)
    assert not torch.equal(statistics.copy(), before)
    statistics.set(before)
    assert torch.equal(statistics.copy(), before)


def test_the_mean_of_two_batches_is_set():
    network = nn.Sequential(nn.BatchNorm2d(1))
    statistics, results = RunningStatistics(network), []
    start = statistics.copy()
    for level in (1.0, 3.0):
        statistics.set(start)
        network(torch.full((2, 1, 2, 2), level))
        results.append(statistics.copy())
    statistics.set(torch.stack(results).mean(dim=0))
    assert torch.isclose(network[0].running_mean, torch.tensor([0.1 * 2.0])).all()


def test_a_network_without_statistics_has_none():
    statistics = RunningStatistics(nn.Linear(2, 2))
    assert statistics.copy().shape == (0,)
    statistics.set(torch.zeros(0))
