"""Several processes that train one network together, as `torchrun` starts them."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed
from torch import Tensor, nn

Made = TypeVar("Made")
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """This process among those of the run.

    Attributes:
        rank: of this process, from 0; the first one writes the files.
        size: number of processes.
        device: that this process trains on.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = _CPU

    def agree(self, value: float) -> float:
        """The first process's `value`, in every process."""
        if self.size == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64)
        torch.distributed.broadcast(shared, src=0)
        return float(shared)

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag, whether it is set in at least one process."""
        if self.size == 1:
            return flags
        shared = torch.tensor(flags, dtype=torch.int32)
        torch.distributed.all_reduce(shared, torch.distributed.ReduceOp.MAX)
        return tuple(bool(flag) for flag in shared)

    def total(self, values: Tensor) -> Tensor:
        """The sum of every process's `values`, in every process."""
        if self.size > 1:
            torch.distributed.all_reduce(values)
        return values

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its sum over all processes, in one exchange."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        torch.distributed.all_reduce(flat)
        for gradient, total in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(total.view_as(gradient))

    def first_then_others(self, make: Callable[[], Made]) -> Made:
        """What `make` gives, called by the first process before the others, which find the files that it left."""
        if self.rank == 0:
            made = make()
            self.agree(0)
            return made
        self.agree(0)
        return make()


def join_ranks() -> Ranks:
    """Join the processes that `torchrun` started; without `torchrun`, this process is alone.

    Each process takes the GPU of its local rank where there are GPUs. Tensors on the CPU are exchanged by Gloo, those
    on a GPU by NCCL.
    """
    device = _own_device()
    if "WORLD_SIZE" not in os.environ:
        return Ranks(device=device)
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    return Ranks(rank=torch.distributed.get_rank(), size=torch.distributed.get_world_size(), device=device)


def leave_ranks() -> None:
    """Leave the processes of the run, if this one ever joined them."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _own_device() -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device
