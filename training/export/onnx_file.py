"""Writes torch modules as ONNX files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

OPSET = 18


def write_module(
    module: nn.Module,
    example: Tensor,
    path: Path,
    *,
    input_name: str,
    output_names: Sequence[str],
    dynamic: dict[int, Any] | None,
) -> None:
    """Trace a module of one input, in inference mode, into one file that says nothing of the machine it was made on.

    Args:
        module: to trace.
        example: an input.
        path: file to write (.onnx).
        input_name: in the graph.
        output_names: in the graph.
        dynamic: axes of the input whose sizes may vary -> `torch.export.Dim`; None where all are fixed.
    """
    torch.onnx.export(
        module.eval(),
        (example,),
        path,
        input_names=[input_name],
        output_names=list(output_names),
        dynamic_shapes=None if dynamic is None else (dynamic,),
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    _remove_traces(path)


def _remove_traces(path: Path) -> None:
    """Take the exporter's notes out of an ONNX file: where in whose source files each node came from."""
    model = onnx.load(path)
    graphs = [model.graph, *model.functions]
    for holder in (model, *graphs):
        del holder.metadata_props[:]
    for graph in graphs:
        for node in graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
        for value in (*graph.value_info, *getattr(graph, "input", ()), *getattr(graph, "output", ())):
            if hasattr(value, "metadata_props"):
                del value.metadata_props[:]
    onnx.save(model, path)
