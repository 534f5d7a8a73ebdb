import torch

from training.detection.loss import distance_loss, score_loss

CERTAIN = torch.ones(1, 3, 3)


def bell():
    score = torch.full((1, 3, 3), 0.3)
    score[0, 1, 1] = 1.0
    return score


def said(centre, around):
    logits = torch.full((1, 3, 3), around)
    logits[0, 1, 1] = centre
    return logits


def test_a_centre_that_is_found_costs_less_than_one_that_is_not():
    losses = [float(score_loss(said(centre, -6.0), bell(), CERTAIN)) for centre in (6.0, 0.0, -6.0)]
    assert losses == sorted(losses)
    assert losses[0] < 0.001
    assert losses[2] > 1


def test_what_is_said_near_a_centre_costs_less_than_far_from_it():
    far, near = torch.zeros(1, 3, 3), torch.zeros(1, 3, 3)
    near[0, 0, 0] = 0.8
    loud = torch.full((1, 3, 3), -6.0)
    loud[0, 0, 0] = 6.0
    assert float(score_loss(loud, near, CERTAIN)) < 0.01 * float(score_loss(loud, far, CERTAIN))


def test_places_that_are_not_judged_cost_nothing():
    certain = CERTAIN.clone()
    certain[0, 0, 0] = 0
    wrong = said(6.0, -6.0)
    wrong[0, 0, 0] = 6.0
    right = said(6.0, -6.0)
    assert torch.equal(score_loss(wrong, bell(), certain), score_loss(right, bell(), certain))


def test_right_distances_cost_nothing_and_too_long_as_much_as_too_short():
    true = torch.rand(2, 32, 4, 4) * 50 + 10
    weight = torch.ones(2, 4, 4)
    assert float(distance_loss(true, true, weight)) == 0
    longer, shorter = (float(distance_loss(factor * true, true, weight)) for factor in (1.25, 0.8))
    assert abs(longer - shorter) < 1e-5
    assert longer > 0.4


def test_distances_without_weight_cost_nothing():
    true = torch.full((1, 32, 2, 2), 20.0)
    weight = torch.zeros(1, 2, 2)
    assert float(distance_loss(3 * true, true, weight)) == 0
    weight[0, 0, 0] = 0.5
    assert float(distance_loss(3 * true, true, weight)) > 0
