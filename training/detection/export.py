"""`card-training export-detector`: from a checkpoint to the ONNX file with which the scanner proposes card outlines."""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from edge.detection.network import COARSEST_PX, INPUT_NAME, OUTPUT_NAMES
from edge.manifests import file_sha256
from training.checkpoint import load_checkpoint
from training.detection.model import OutlineNetwork
from training.errors import ExportError

OPSET = 18
PARITY_SIZES = ((256, 256), (224, 320))
LARGEST_DIFFERENCE = 1e-3


class _Scored(nn.Module):
    """The network with probabilities instead of logits."""

    def __init__(self, network: OutlineNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        logits, distances = self.network(pixels)
        return torch.sigmoid(logits), distances


def run(args: argparse.Namespace) -> int:
    """Export; returns the exit code.

    Raises:
        ScannerError: if the checkpoint is unusable or the exported model does not agree with it. Then nothing is
            written.
    """
    network = OutlineNetwork()
    try:
        network.load_state_dict(load_checkpoint(args.checkpoint)["average"])
        description = json.loads((args.checkpoint.parent / "run.json").read_text(encoding="utf-8"))
    except (OSError, KeyError, RuntimeError, json.JSONDecodeError) as cause:
        raise ExportError(f"{args.checkpoint} and its run.json are not of a detector run: {cause}") from cause
    card = export_network(network.eval(), args.output, description)
    sys.stdout.write(json.dumps(card, indent=2) + "\n")
    return 0


def export_network(network: OutlineNetwork, output: Path, description: dict[str, Any]) -> dict[str, Any]:
    """Write `output` and its model card beside it, once the new file agrees with the network.

    Raises:
        ExportError: if it does not.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent) as folder:
        unfinished = Path(folder) / output.name
        write_onnx(network, unfinished)
        difference = check_parity(network, unfinished)
        card = {"file": output.name, "sha256": file_sha256(unfinished), "largest_difference": difference, **description}
        unfinished.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(output)
        unfinished.with_suffix(".json").replace(output.with_suffix(".json"))
    return card


def write_onnx(network: OutlineNetwork, path: Path) -> None:
    """Trace the network into one ONNX file for pictures of any size that is a multiple of 32."""
    height, width = COARSEST_PX * torch.export.Dim("rows"), COARSEST_PX * torch.export.Dim("columns")
    torch.onnx.export(
        _Scored(network).eval(),
        (torch.zeros(2, 3, 256, 320),),
        path,
        input_names=[INPUT_NAME],
        output_names=list(OUTPUT_NAMES),
        dynamic_shapes={"pixels": {0: torch.export.Dim("batch"), 2: height, 3: width}},
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def check_parity(network: OutlineNetwork, path: Path) -> float:
    """Compare torch and ONNX Runtime on noise of two sizes; returns the largest difference, distances relative.

    Raises:
        ExportError: if it is more than `LARGEST_DIFFERENCE`.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    largest = 0.0
    for height, width in PARITY_SIZES:
        pixels = np.random.default_rng(height).uniform(0, 255, (1, 3, height, width)).astype(np.float32)
        with torch.no_grad():
            score, distances = (output.numpy() for output in _Scored(network).eval()(torch.from_numpy(pixels)))
        got_score, got_distances = session.run(list(OUTPUT_NAMES), {INPUT_NAME: pixels})
        relative = np.abs(got_distances / distances - 1).max()
        largest = max(largest, float(np.abs(got_score - score).max()), float(relative))
    if largest > LARGEST_DIFFERENCE:
        raise ExportError(f"the exported outline network differs from the trained one by {largest:.2g}")
    return largest
