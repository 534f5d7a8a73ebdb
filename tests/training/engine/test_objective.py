import pytest
import torch
from torch import nn

from training.engine.objective import NETWORK, parameter_groups, split_cards


def test_matrices_of_the_network_decay_and_nothing_else_does():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    centres = nn.Linear(5, 6)
    decayed, others = parameter_groups(nn.ModuleDict({"arcface": centres, NETWORK: network}), 0.05)
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.05, 0.0)
    assert {id(each) for each in decayed["params"]} == {id(network[0].weight), id(network[2].weight)}
    everything = [*network.parameters(), *centres.parameters()]
    assert {id(each) for each in (*decayed["params"], *others["params"])} == {id(each) for each in everything}


def test_what_does_not_learn_is_in_no_group():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[0].requires_grad_(False)
    groups = parameter_groups(nn.ModuleDict({NETWORK: network}), 0.1)
    assert [len(group["params"]) for group in groups] == [1, 1]


@pytest.mark.parametrize(("parts", "sizes"), [(1, [15]), (2, [9, 6]), (4, [6, 3, 3, 3]), (9, [3, 3, 3, 3, 3])])
def test_a_batch_is_split_between_cards_and_never_within_one(parts, sizes):
    pixels, targets = torch.arange(15.0)[:, None, None, None], torch.arange(15)
    split = list(split_cards(pixels, targets, views=3, parts=parts))
    assert [len(each) for each, _ in split] == sizes
    assert torch.equal(torch.cat([each for each, _ in split]), pixels)
    assert torch.equal(torch.cat([each for _, each in split]), targets)
