"""What the outline network is trained to minimise."""

import torch
from torch import Tensor
from torch.nn import functional


def score_loss(logits: Tensor, score: Tensor, certain: Tensor) -> Tensor:
    """Focal loss for bells around centres (CornerNet, arXiv 1808.01244, equation 1), per card.

    Args:
        logits: float32 [N, h, w].
        score: float32 [N, h, w], 1 at centres.
        certain: float32 [N, h, w], 0 where the score is not judged.
    """
    probability = torch.sigmoid(logits)
    centre = score >= 1
    found = functional.logsigmoid(logits) * (1 - probability) ** 2
    absent = functional.logsigmoid(-logits) * probability**2 * (1 - score) ** 4
    return -(torch.where(centre, found, absent) * certain).sum() / centre.sum().clamp(min=1)


def distance_loss(predicted: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    """Polar IoU loss (PolarMask, arXiv 1909.13226, equation 6), and the mean relative error, which is sharper near 0.

    Args:
        predicted: float32 [N, RAYS, h, w], pixels.
        true: of the same shape.
        weight: float32 [N, h, w].
    """
    larger, smaller = torch.maximum(predicted, true), torch.minimum(predicted, true)
    overlap = torch.log(larger.sum(dim=1) / smaller.sum(dim=1))
    relative = (torch.log(predicted) - torch.log(true)).abs().mean(dim=1)
    return ((overlap + relative) * weight).sum() / weight.sum().clamp(min=1)
