"""A running average of a model's weights, which generalises better than the weights of any one step."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

ModelT = TypeVar("ModelT", bound=nn.Module)


class AveragedModel(Generic[ModelT]):
    """Exponential moving average of parameters and buffers.

    The decay grows with the number of updates, `(1 + n) / (10 + n)`, until it reaches its final value, so that the
    first, random weights are soon forgotten.
    """

    def __init__(self, model: ModelT, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: ModelT, updates: int) -> None:
        """Take in the model's weights after `updates` earlier ones."""
        weight = 1 - min(self.decay, (1 + updates) / (10 + updates))
        current = model.state_dict()
        for name, average in self.model.state_dict().items():
            if average.is_floating_point():
                average.lerp_(current[name], weight)
            else:
                average.copy_(current[name])
