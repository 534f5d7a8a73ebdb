"""Lets a network that was read back from its exported file know what it normalises, so that it can be trained on."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Normalization = nn.BatchNorm1d | nn.BatchNorm2d


@torch.no_grad()
def with_statistics(network: nn.Module, pixels: Tensor) -> nn.Module:
    """The same function, its batch normalisations knowing what they normalise.

    An exporter folds them into the layers before them, and with them the statistics that training divides by.

    Args:
        network: changed in place; it ends in training mode.
        pixels: a batch of training pictures.
    """
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def noting(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def note(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            others = [place for place in range(inputs[0].ndim) if place != 1]
            seen[name] = inputs[0].mean(dim=others), inputs[0].var(dim=others, unbiased=False)

        return note

    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, Normalization)}
    hooks = [layer.register_forward_pre_hook(noting(name)) for name, layer in layers.items()]
    network.eval()(pixels.float())
    for hook in hooks:
        hook.remove()
    state = network.state_dict()
    for name, (mean, variance) in seen.items():
        eps = layers[name].eps
        scale = state[f"{name}.weight"] / torch.sqrt(state[f"{name}.running_var"] + eps)
        state[f"{name}.bias"] += (mean - state[f"{name}.running_mean"]) * scale
        state[f"{name}.weight"].copy_(scale * torch.sqrt(variance + eps))
        state[f"{name}.running_mean"].copy_(mean)
        state[f"{name}.running_var"].copy_(variance)
    return network.train()
