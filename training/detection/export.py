"""`card-training export-detector`: from a checkpoint to the ONNX file that the scanner's detector runs."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from edge.detection.networks import outline as outlines
from edge.detection.networks import sides
from edge.files.outputs import check_model_output
from edge.manifests import file_sha256
from training.detection.trained import read_detector
from training.errors import ExportError
from training.export.onnx_file import write_module

LARGEST_DIFFERENCE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """How a network looks from outside.

    Attributes:
        input_name: of its pictures, float32 [N, 3, H, W].
        output_names: of what it says.
        sizes: (H, W) to compare torch and ONNX Runtime at; the first is traced.
        step_px: what H and W must be multiples of; None where they are fixed.
    """

    input_name: str
    output_names: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    step_px: int | None = None


INTERFACES = {
    "outline": Interface(
        input_name=outlines.INPUT_NAME,
        output_names=outlines.OUTPUT_NAMES,
        sizes=((256, 320), (256, 256), (224, 320)),
        step_px=outlines.COARSEST_PX,
    ),
    "sides": Interface(
        input_name=sides.INPUT_NAME,
        output_names=(sides.OUTPUT_NAME,),
        sizes=((sides.VIEW_HEIGHT_PX, sides.VIEW_WIDTH_PX),),
    ),
}


class _Scored(nn.Module):
    """The outline network with probabilities instead of logits."""

    def __init__(self, network: nn.Module) -> None:
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
    check_model_output(args.output)
    trained = read_detector(args.checkpoint)
    card = export_network(trained.network, args.output, trained.description)
    sys.stdout.write(json.dumps(card, indent=2) + "\n")
    return 0


def export_network(network: nn.Module, output: Path, description: dict[str, Any]) -> dict[str, Any]:
    """Write `output` and its model card beside it, once the new file agrees with the network.

    Args:
        network: of the kind that `description["network"]` names.
        output: file to write (.onnx).
        description: of the run, for the model card.

    Raises:
        ExportError: if it does not.
    """
    interface = INTERFACES[description["network"]]
    module = (_Scored(network) if description["network"] == "outline" else network).eval()
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent) as folder:
        unfinished = Path(folder) / output.name
        write_onnx(module, interface, unfinished)
        difference = check_parity(module, interface, unfinished)
        card = {"file": output.name, "sha256": file_sha256(unfinished), "largest_difference": difference, **description}
        unfinished.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(output)
        unfinished.with_suffix(".json").replace(output.with_suffix(".json"))
    return card


def write_onnx(module: nn.Module, interface: Interface, path: Path) -> None:
    """Trace a network into one ONNX file for any number of pictures."""
    shapes: dict[int, Any] = {0: torch.export.Dim("batch")}
    if interface.step_px is not None:
        shapes[2] = interface.step_px * torch.export.Dim("rows")
        shapes[3] = interface.step_px * torch.export.Dim("columns")
    write_module(
        module,
        torch.zeros(2, 3, *interface.sizes[0]),
        path,
        input_name=interface.input_name,
        output_names=interface.output_names,
        dynamic=shapes,
    )


def check_parity(module: nn.Module, interface: Interface, path: Path) -> float:
    """Compare torch and ONNX Runtime on noise; returns the largest difference, as a share of the largest value.

    Raises:
        ExportError: if it is more than `LARGEST_DIFFERENCE`, or no number.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    differences = []
    for height, width in interface.sizes:
        pixels = np.random.default_rng(height).uniform(0, 255, (1, 3, height, width)).astype(np.float32)
        with torch.no_grad():
            said = module(torch.from_numpy(pixels))
        expected = [output.numpy() for output in (said if isinstance(said, tuple) else (said,))]
        got = session.run(list(interface.output_names), {interface.input_name: pixels})
        for ours, theirs in zip(expected, got, strict=True):
            differences.append(np.abs(theirs - ours).max() / np.abs(ours).max())
    # numpy's maximum, unlike Python's, is no number where one of them is none; and that is not below any limit.
    largest = float(np.max(differences))
    if not largest <= LARGEST_DIFFERENCE:
        raise ExportError(f"the exported network differs from the trained one by {largest:.2g}")
    return largest
