"""Carries out one job folder of `card-training export-imx500` with Sony's tools: python convert_job.py FOLDER.

It needs nothing but the tools' own environment (model_compression_toolkit, edgemdt_tpc, imx500-converter, torch, onnx)
and Java. In the folder appear NAME.zip, which `imx500-package` takes on a Raspberry Pi, its memory report, and
NAME-int8.onnx, which computes on any machine what the toolkit's 8-bit network does.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

TPC_VERSION = "4.0"
TOOLS = ("model-compression-toolkit", "edge-mdt-tpc", "imx500-converter", "torch")
# Sony's example of post-training quantisation gives batches of a few pictures.
BATCH = 4
FLOAT_TOLERANCE = 1e-3


class GraphModule(nn.Module):
    """An ONNX graph of convolutions, ReLU, sums and doublings as a module that the toolkit can trace."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        weights = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in model.graph.initializer}
        self.steps = [(node.op_type, list(node.input), node.output[0]) for node in model.graph.node]
        self.layers = nn.ModuleDict(
            {node.output[0]: _layer(node, weights) for node in model.graph.node if node.op_type != "Add"}
        )
        self.given = model.graph.input[0].name
        self.wanted = [each.name for each in model.graph.output]

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """The graph's outputs."""
        values = {self.given: pixels}
        for operation, inputs, output in self.steps:
            if operation == "Add":
                values[output] = values[inputs[0]] + values[inputs[1]]
            else:
                values[output] = self.layers[output](values[inputs[0]])
        return tuple(values[name] for name in self.wanted)


def _layer(node: onnx.NodeProto, weights: dict[str, Tensor]) -> nn.Module:
    if node.op_type == "Relu":
        return nn.ReLU()
    if node.op_type == "Resize":
        return nn.Upsample(scale_factor=2, mode="nearest")
    if node.op_type != "Conv":
        raise ValueError(f"the graph holds the operation {node.op_type}")
    said = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    weight, bias = weights[node.input[1]], weights[node.input[2]]
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], said["strides"][0], said["pads"][0])
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer


def convert_job(folder: Path) -> Path:
    """Quantise, compare with the float network, convert; returns the path of the package."""
    import model_compression_toolkit as mct
    from edgemdt_tpc import get_target_platform_capabilities

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    name = job["name"]
    pixels = torch.from_numpy(np.load(folder / job["calibration"]).transpose(0, 3, 1, 2).astype(np.float32))
    module = GraphModule(onnx.load(folder / job["onnx"])).eval()

    def batches() -> Iterator[list[Tensor]]:
        for start in range(0, len(pixels), BATCH):
            yield [pixels[start : start + BATCH]]

    def one() -> Iterator[list[Tensor]]:
        yield [pixels[:1]]

    check_float(module, pixels, folder / job["expected"])
    quantised, _ = mct.ptq.pytorch_post_training_quantization(
        module, batches, target_platform_capabilities=get_target_platform_capabilities(TPC_VERSION)
    )
    differences = agreement(module, quantised, pixels, job["outputs"])
    form = mct.exporter.QuantizationFormat
    mct.exporter.pytorch_export_model(
        quantised, str(folder / "quantised.onnx"), one, quantization_format=form.MCTQ, output_names=job["outputs"]
    )
    fix_batch(folder / "quantised.onnx")
    convert(folder, name)
    mct.exporter.pytorch_export_model(
        quantised, str(folder / f"{name}-int8.onnx"), one,
        quantization_format=form.FAKELY_QUANT, output_names=job["outputs"],
    )  # fmt: skip
    write_manifest(folder, job, differences)
    return folder / f"{name}.zip"


def check_float(module: nn.Module, pixels: Tensor, expected: Path) -> None:
    """Check that this program reads the graph as the project does."""
    with np.load(expected) as said, torch.no_grad():
        for got, name in zip(module(pixels[:BATCH]), said.files, strict=True):
            largest = np.abs(got.numpy() - said[name][:BATCH]).max() / np.abs(said[name]).max()
            if not largest < FLOAT_TOLERANCE:
                raise ValueError(f"the float network differs from what it should say by {largest:.2g} in {name}")


def agreement(module: nn.Module, quantised: nn.Module, pixels: Tensor, names: list[str]) -> dict[str, float]:
    """Root mean square of what 8 bits change, as a share of what is said, for each output."""
    device = next(quantised.parameters()).device
    squares = {name: [0.0, 0.0] for name in names}
    with torch.no_grad():
        for start in range(0, len(pixels), BATCH):
            picture = pixels[start : start + BATCH]
            said = zip(names, module(picture), quantised(picture.to(device)), strict=True)
            for name, exact, rounded in said:
                squares[name][0] += float((rounded.cpu() - exact).square().sum())
                squares[name][1] += float(exact.square().sum())
    return {name: round((changed / said) ** 0.5, 5) for name, (changed, said) in squares.items()}


def fix_batch(path: Path) -> None:
    """Give an exported graph the one picture that the converter wants: it refuses any other number."""
    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, path)


def convert(folder: Path, name: str) -> None:
    """Run the converter, and take the package and the memory report from what it writes."""
    output = folder / "converted"
    program = Path(sys.executable).with_name("imxconv-pt")
    subprocess.run(  # noqa: S603 (a fixed command)
        [program, "-i", folder / "quantised.onnx", "-o", output, "--overwrite-output"], check=True
    )
    shutil.copy(output / "packerOut.zip", folder / f"{name}.zip")
    (report,) = output.glob("*_MemoryReport.json")
    shutil.copy(report, folder / f"{name}-memory.json")


def write_manifest(folder: Path, job: dict[str, Any], differences: dict[str, float]) -> None:
    """Write the package's manifest beside it."""
    package = folder / f"{job['name']}.zip"
    manifest = {
        "file": package.name,
        "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
        **job["manifest"],
        "tools": {tool: version(tool) for tool in TOOLS},
        "changed_by_8_bits": differences,
    }
    package.with_suffix(".json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.stdout.write(f"{convert_job(Path(sys.argv[1]))}\n")
