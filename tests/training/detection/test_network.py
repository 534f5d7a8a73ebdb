import numpy as np
import pytest
import torch

from edge.detection.networks.outline import RAYS
from training.detection.loss import distance_loss, score_loss
from training.detection.model import OutlineNetwork
from training.detection.scenes import small_scenes


def test_the_grid_is_an_eighth_of_the_picture():
    score, distances = OutlineNetwork().eval()(torch.zeros(1, 3, 64, 96))
    assert score.shape == (1, 1, 8, 12)
    assert distances.shape == (1, RAYS, 8, 12)
    assert (distances > 0).all()


def test_losses_are_least_at_the_truth():
    score = torch.zeros(1, 4, 4)
    score[0, 1, 2] = 1
    certain = torch.ones(1, 4, 4)
    right, wrong = torch.where(score > 0, 9.0, -9.0), torch.where(score > 0, -9.0, 9.0)
    assert score_loss(right, score, certain) < 0.01 < score_loss(wrong, score, certain)
    assert score_loss(wrong, score, 0 * certain) == 0
    true = torch.full((1, RAYS, 4, 4), 20.0)
    assert distance_loss(true, true, certain) == pytest.approx(0, abs=1e-6)
    assert distance_loss(1.1 * true, true, certain) == pytest.approx(2 * np.log(1.1), rel=1e-4)


def test_scenes_are_rendered_once(tmp_path):
    first = small_scenes(2, 96, tmp_path, workers=1)
    again = small_scenes(2, 96, tmp_path, workers=1)
    assert np.array_equal(first.images, again.images)
    assert np.isfinite(first.quads).any()
