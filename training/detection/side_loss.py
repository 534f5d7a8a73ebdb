"""What the side network is trained to minimise."""

import torch
from torch import Tensor
from torch.nn import functional

from edge.detection.networks.sides import COLUMNS, ROWS, SIDES

# Of the error of the distribution's mean beside its cross-entropy.
MEAN_WEIGHT = 0.5


def side_loss(logits: Tensor, position: Tensor) -> Tensor:
    """Distribution focal loss (arXiv 2006.04388, equation 6) and the error of the mean, per place along the sides.

    Args:
        logits: float32 [N, SIDES, ROWS, COLUMNS].
        position: float32 [N, SIDES, max(ROWS, COLUMNS)], where the side passes each column (top, bottom) or row (left,
            right), in cells; NaN where there is nothing to say.
    """
    total, count = logits.new_zeros(()), logits.new_zeros(())
    for side in range(SIDES):
        across = logits[:, side] if side % 2 == 0 else logits[:, side].transpose(1, 2)
        bins, places = (ROWS, COLUMNS) if side % 2 == 0 else (COLUMNS, ROWS)
        true = position[:, side, :places]
        known = torch.isfinite(true)
        true = torch.where(known, true, 0)
        log_share = functional.log_softmax(across, dim=1)
        lower = true.floor().long().clamp(0, bins - 2)
        upper_share = true - lower
        nearest = log_share.gather(1, torch.stack([lower, lower + 1], dim=1))
        entropy = -(1 - upper_share) * nearest[:, 0] - upper_share * nearest[:, 1]
        mean = (log_share.exp() * torch.arange(bins, dtype=torch.float32, device=logits.device).reshape(1, -1, 1)).sum(
            dim=1
        )
        error = functional.smooth_l1_loss(mean, true, reduction="none", beta=0.25)
        total = total + ((entropy + MEAN_WEIGHT * error) * known).sum()
        count = count + known.sum()
    return total / count.clamp(min=1)
