"""The running statistics of batch normalisation, where a step is made of several batches."""

import torch
from torch import Tensor, nn


class RunningStatistics:
    """The buffers of a network that its layers update by themselves while it trains.

    Batches of one step may be computed one after the other, or by different processes. So that both give the same, each
    starts from the statistics that the step began with, and the step ends with the mean of what they came to.
    """

    def __init__(self, network: nn.Module) -> None:
        self._buffers = [buffer for buffer in network.buffers() if buffer.is_floating_point()]

    def copy(self) -> Tensor:
        """All statistics now, float32 [N]."""
        return torch.cat([buffer.flatten().float() for buffer in self._buffers] or [torch.zeros(0)])

    def set(self, values: Tensor) -> None:
        """Set all statistics to what `copy` gave."""
        for buffer, value in zip(self._buffers, torch.split(values, [b.numel() for b in self._buffers]), strict=True):
            buffer.copy_(value.view_as(buffer))
