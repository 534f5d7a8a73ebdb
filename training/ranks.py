"""Several processes that train one network together, as `torchrun` starts them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """This process among those of the run.

    Attributes:
        rank: of this process, from 0; the first one writes the files.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    def agree(self, value: float) -> float:
        """The first process's `value`, in every process."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64)
        torch.distributed.broadcast(shared, src=0)
        return float(shared)

    def total(self, values: Tensor) -> Tensor:
        """The sum of every process's `values`, in every process."""
        if self.size > 1:
            torch.distributed.all_reduce(values)
        return values

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over all processes."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))


def join_ranks() -> Ranks:
    """Join the processes that `torchrun` started; without `torchrun`, this process is alone."""
    if "WORLD_SIZE" not in os.environ:
        return Ranks()
    torch.distributed.init_process_group("gloo")
    return Ranks(rank=torch.distributed.get_rank(), size=torch.distributed.get_world_size())
