import pytest
import torch

from edge.detection.networks.sides import COLUMNS, ROWS, SIDES
from training.detection.side_loss import side_loss


def said(at, sharpness=8.0):
    """Distributions with their greatest at one cell of each column and row."""
    logits = torch.zeros(1, SIDES, ROWS, COLUMNS)
    logits[:, 0::2, at, :] = sharpness
    logits[:, 1::2, :, at] = sharpness
    return logits


def true(at):
    return torch.full((1, SIDES, max(ROWS, COLUMNS)), float(at))


def test_the_right_place_costs_least():
    losses = [float(side_loss(said(at), true(10))) for at in (10, 11, 20)]
    assert losses == sorted(losses)
    assert losses[0] < 0.1


def test_between_two_cells_both_are_right():
    between = said(10)
    between[:, 0::2, 11, :] = 8.0
    between[:, 1::2, :, 11] = 8.0
    assert float(side_loss(between, true(10.5))) < float(side_loss(said(10), true(10.5)))


def test_a_side_of_which_nothing_is_known_costs_nothing():
    position = true(10)
    position[:, 2] = float("nan")
    wrong = said(10)
    wrong[:, 2] = said(20)[:, 2]
    assert float(side_loss(wrong, position)) == pytest.approx(float(side_loss(said(10), position)))
    assert float(side_loss(wrong, torch.full_like(position, float("nan")))) == 0


def test_a_side_beyond_the_view_is_drawn_to_its_edge():
    assert float(side_loss(said(0), true(-0.4))) < float(side_loss(said(3), true(-0.4)))
