"""Reads a student back from the ONNX file that the scanner runs, so that it can teach or be compiled."""

from pathlib import Path
from typing import cast

import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper
from pydantic import ValidationError
from torch import Tensor, nn

from edge.manifests import ModelManifest, file_sha256
from training.engine.checkpoint import load_checkpoint
from training.errors import TrainingError
from training.networks.model import CardEmbedder, ModelSettings, student_of

ONNX_SUFFIX = ".onnx"
# What the exporter adds to the names of all weights, and to that of the bias which a normalisation was folded into.
_PREFIX = "model."
_FOLDED = "_bias"


def open_student(path: Path) -> CardEmbedder:
    """The averaged student of a checkpoint, or the one that an ONNX file was made of, in inference mode.

    Raises:
        TrainingError: if it is neither.
    """
    return read_exported(path) if path.suffix == ONNX_SUFFIX else student_of(load_checkpoint(path))


def read_exported(path: Path) -> CardEmbedder:
    """The student that `card-training export` wrote, in inference mode.

    Its batch normalisations were folded into the layers before them: they add what was folded into the bias and do
    nothing else, so that the network is the same function.

    Args:
        path: of the ONNX file; its manifest lies beside it and has the shape of the network in its model card.

    Raises:
        TrainingError: if the file or its manifest is missing, damaged, or of no student.
    """
    manifest_file = path.with_suffix(".json")
    try:
        manifest = ModelManifest.model_validate_json(manifest_file.read_bytes())
        if file_sha256(path) != manifest.sha256:
            raise TrainingError(f"{path} is not the file that {manifest_file} describes; copy both again")
        student = CardEmbedder(ModelSettings.from_json(manifest.card["model"]))
        _fill(student, _weights(onnx.load(path).graph))
    except (OSError, KeyError, TypeError, RuntimeError, DecodeError, ValidationError) as cause:
        raise TrainingError(
            f"{path} and {manifest_file} are not of a student that card-training export wrote: {cause}"
        ) from cause
    return student.eval()


def _weights(graph: onnx.GraphProto) -> dict[str, Tensor]:
    """All weights by their names in torch; the exporter transposes matrices and gives them other names."""
    tensors = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    biased = {name: node for node in graph.node if node.op_type == "Add" for name in node.input}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in tensors:
            bias = next(name for name in biased[node.output[0]].input if name in tensors)
            tensors[f"{bias.removesuffix('.bias')}.weight"] = tensors[node.input[1]].T.contiguous()
    return {name.removeprefix(_PREFIX): tensor for name, tensor in tensors.items()}


def _fill(student: CardEmbedder, weights: dict[str, Tensor]) -> None:
    """Take over all weights; what has none in the graph (a normalisation that nothing follows) stays as it is made."""
    state = student.state_dict()
    folded = folded_layers(student)
    for name in state:
        layer, _, kind = name.rpartition(".")
        if layer in folded:
            if kind == "weight":
                state[name] = torch.ones_like(state[name])
            elif kind == "running_var":
                state[name] -= cast("nn.BatchNorm2d", student.get_submodule(layer)).eps
            elif kind == "bias":
                state[name] = weights[f"{folded[layer]}.weight{_FOLDED}"]
        elif name in weights:
            state[name] = weights[name]
        elif not name.startswith("backbone.layernorm."):
            raise KeyError(name)
    student.load_state_dict(state)


def folded_layers(network: nn.Module) -> dict[str, str]:
    """Name of each batch normalisation -> that of the layer before it, which an exporter folds it into."""
    folded: dict[str, str] = {}
    before = ""
    for name, layer in network.named_modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            folded[name] = before
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            before = name
    return folded
