import pytest
import torch

from training.detection.loss import distance_loss, score_loss
from training.detection.objective import DISTANCE_WEIGHT, SUBJECTS, DetectorObjective, outline_losses
from training.engine.objective import NETWORK


def test_each_loss_of_the_outline_network_has_its_own_targets():
    """Score, its weight for distances, whether the place is judged, then the distances: in this order of channels."""
    generator = torch.Generator().manual_seed(0)
    logits, predicted = torch.randn(2, 1, 5, 5, generator=generator), 20 + torch.rand(2, 32, 5, 5, generator=generator)
    score, weight, certain = (torch.rand(2, 5, 5, generator=generator) for _ in range(3))
    distances = 20 + torch.rand(2, 32, 5, 5, generator=generator)
    targets = torch.cat([torch.stack([score, weight, certain], dim=1), distances], dim=1)
    losses = outline_losses((logits, predicted), targets)
    assert torch.equal(losses["score"], score_loss(logits[:, 0], score, certain))
    assert torch.equal(losses["outline"], DISTANCE_WEIGHT * distance_loss(predicted, distances, weight))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_is_minimised_is_the_sum_of_what_is_logged_and_all_of_the_network_learns(subject):
    torch.manual_seed(0)
    learnt = SUBJECTS[subject]
    objective = DetectorObjective(subject, learnt.network(), "fp32")
    pixels = torch.rand(2, 3, learnt.shape.height, learnt.shape.width) * 255
    with torch.no_grad():
        said = objective.trained[NETWORK](pixels)
    if subject == "outline":
        targets = torch.cat([torch.rand(2, 3, *said[0].shape[2:]), said[1] + 3], dim=1)
    else:
        targets = torch.full((2, 4, max(said.shape[2:])), 5.0)
    loss = objective.loss(pixels, targets, 0.0)
    assert loss.total.item() == pytest.approx(sum(part.item() for part in loss.parts.values()), rel=1e-5)
    loss.total.backward()
    assert all(each.grad is not None for each in objective.trained.parameters())
    assert objective.describe() == {"network": subject}
