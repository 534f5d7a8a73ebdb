"""Goes on from one of the detector's networks as it was published: an ONNX file with its model card beside it.

The exporter folds each batch normalisation into the convolution before it, so that the file no longer says how large
its features are. Those statistics are taken again from training pictures (`training.networks.statistics`); the network
stays the same function.
"""

import json
from pathlib import Path
from typing import Any, cast

import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper
from torch import Tensor, nn

from edge.manifests import file_sha256
from training.detection.objective import SUBJECTS
from training.detection.trained import TrainedDetector
from training.errors import TrainingError

_OF_THE_FILE = ("file", "sha256", "largest_difference")


def read_published(model: Path) -> TrainedDetector:
    """Read a network that `card-training export-detector` wrote.

    Its batch normalisations do nothing but add what was folded; they do not know what they normalise.

    Raises:
        TrainingError: if the file or its model card is missing, damaged, or of another network.
    """
    card = model.with_suffix(".json")
    try:
        described: dict[str, Any] = json.loads(card.read_text(encoding="utf-8"))
        if file_sha256(model) != described["sha256"]:
            raise TrainingError(f"{model} is not the file that {card} describes; copy both again")
        network = SUBJECTS[described["network"]].network()
        weights = {each.name: each for each in onnx.load(model).graph.initializer}
        _fill(network, {name.removeprefix("network."): _tensor(each) for name, each in weights.items()})
    except (OSError, KeyError, RuntimeError, DecodeError, json.JSONDecodeError) as cause:
        raise TrainingError(f"{model} and {card} are not of a network of the detector: {cause}") from cause
    return TrainedDetector(
        network=network, description={key: value for key, value in described.items() if key not in _OF_THE_FILE}
    )


def _tensor(initializer: onnx.TensorProto) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(initializer).copy())


def _fill(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Take over all weights; a normalisation adds what was folded into the bias of the convolution before it."""
    state = network.state_dict()
    normalized = _normalized(network)
    for name in state:
        layer, _, kind = name.rpartition(".")
        if layer not in normalized:
            state[name] = weights[name]
        elif kind == "running_var":
            state[name] -= cast("nn.BatchNorm2d", network.get_submodule(layer)).eps
        elif kind == "bias":
            state[name] = weights[f"{normalized[layer]}.weight_bias"]
    network.load_state_dict(state)


def _normalized(network: nn.Module) -> dict[str, str]:
    """Name of each batch normalisation -> that of the convolution before it in its sequence."""
    return {
        name: f"{name[: -len('.1')]}.0" for name, layer in network.named_modules() if isinstance(layer, nn.BatchNorm2d)
    }
