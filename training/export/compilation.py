"""`card-training compile`: a checked job for Hailo's Dataflow Compiler, carried out where that is installed."""

import argparse
import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from edge.embedding.onnx import INPUT_NAME, OUTPUT_NAME, OnnxEmbedder
from edge.geometry import Image
from edge.imaging.preprocessing import preprocess
from edge.manifests import ModelManifest
from training.data.cards import open_cards
from training.errors import ExportError
from training.export.accelerator import AcceleratorForm, is_rewritten
from training.export.hailo import compile_job
from training.export.job_folder import new_job_folder, read_job_file, write_job_file
from training.export.quantization import calibration_crops
from training.export.student import LEAST_PARITY
from training.networks.exported import open_student
from training.networks.model import MEAN_RGB, STD_RGB, CardEmbedder
from training.parallel.ranks import Ranks

HW_ARCH = "hailo8"
COMPILER = "hailo_sdk_client"
# Opset 13 is the one that Hailo's engineers ask for; torch's newer exporter begins at 18.
OPSET = 13
EXPECTED_CROPS = 64
# What networks are made of that Hailo's model zoo (2.18) ships compiled for the Hailo-8: its convolution networks, and
# for layer normalisation and GELU its vision transformers (ViT, Swin), where both appear as these very operations.
SUPPORTED_OPERATIONS = frozenset(
    {"Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Constant", "Conv", "Div", "Erf", "Flatten", "Gemm"}
    | {"GlobalAveragePool", "Identity", "MaxPool", "Mul", "ReduceMean", "Relu", "Sigmoid", "Sqrt", "Sub"}
)
_GELU = ("Erf", "Add", "Mul", "Mul")
_FOLDER = Path(__file__).parent / "hailo"
_PARITY_CROPS = 16


def run(args: argparse.Namespace) -> int:
    """Write the job and, where the compiler is installed, carry it out; returns the exit code.

    Raises:
        ScannerError: if the job cannot be made, or fails a check.
    """
    model = open_student(args.checkpoint)
    cards = open_cards(args.cards or args.calibration, args.metadata, args.runs / "references", Ranks())
    crops = calibration_crops(cards.learnt, args.calibration, (model.settings.width, model.settings.height))
    report = write_job(model, args.model, crops, args.output)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if importlib.util.find_spec(COMPILER) is None:
        sys.stdout.write(
            f"Hailo's compiler is not installed here, nothing was compiled. {args.output} is complete: copy it to an "
            f"x86-64 machine with the compiler and do what {args.output / 'COMMANDS.txt'} says.\n"
        )
        return 0
    sys.stdout.write(f"{compile_job.compile_job(args.output)}\n")
    return 0


def write_job(model: CardEmbedder, float_model: Path, crops: list[Image], folder: Path) -> dict[str, Any]:
    """Write everything that the compiler needs into a new folder, and check it.

    Args:
        model: in inference mode.
        float_model: the ONNX file that the card databases are built with.
        crops: to calibrate with, of the model's size.
        folder: does not exist yet, or is empty.

    Returns:
        What was checked.

    Raises:
        ConfigurationError: if the folder is not empty.
        ExportError: if a check fails.
    """
    new_job_folder(folder)
    original = OnnxEmbedder(float_model, threads=2)
    name, size = float_model.stem, original.manifest.preprocessing
    pixels = preprocess(crops, size.model_copy(update={"layout": "NHWC"})).astype(np.uint8)
    np.save(folder / "calibration.npy", pixels)
    np.save(folder / "expected.npy", original.embed(crops[:EXPECTED_CROPS]))
    write_graph(AcceleratorForm(model).eval(), folder / f"{name}.onnx")
    (folder / f"{name}.alls").write_text(model_script(model, name, len(crops)), encoding="utf-8")
    (folder / "manifest.json").write_text(_manifest(original.manifest), encoding="utf-8")
    shutil.copy(_FOLDER / "compile_job.py", folder)
    commands = (_FOLDER / "commands.txt").read_text(encoding="utf-8")
    (folder / "COMMANDS.txt").write_text(
        commands.format(folder=folder.name, name=name, hw_arch=HW_ARCH), encoding="utf-8"
    )
    job = {
        "name": name,
        "hw_arch": HW_ARCH,
        "onnx": f"{name}.onnx",
        "script": f"{name}.alls",
        "calibration": "calibration.npy",
        "expected": "expected.npy",
        "input": INPUT_NAME,
        "height": size.height,
        "width": size.width,
    }
    write_job_file(folder, job)
    return check_job(folder)


def check_job(folder: Path) -> dict[str, Any]:
    """Check a job folder: its files, its calibration crops, the graph's operations, and that it computes the model.

    Raises:
        ExportError: naming what is wrong.
    """
    job = read_job_file(folder)
    crops, expected = np.load(folder / job["calibration"]), np.load(folder / job["expected"])
    if crops.dtype != np.uint8 or crops.shape[1:] != (job["height"], job["width"], 3) or crops.std() < 1:
        raise ExportError(f"{folder / job['calibration']} holds no crops of {job['height']} x {job['width']} pixels")
    operations = check_operations(folder / job["onnx"])
    cosine = _parity(folder / job["onnx"], crops[:_PARITY_CROPS], expected[:_PARITY_CROPS])
    return {
        "operations": operations,
        "least_cosine": cosine,
        "calibration_crops": len(crops),
        "hw_arch": job["hw_arch"],
    }


def check_operations(path: Path) -> dict[str, int]:
    """How often each operation is in a graph.

    Raises:
        ExportError: naming those that the compiler is not known to take.
    """
    nodes = onnx.load(path).graph.node
    counts: dict[str, int] = {}
    for node in nodes:
        counts[node.op_type] = counts.get(node.op_type, 0) + 1
    foreign = sorted(set(counts) - SUPPORTED_OPERATIONS)
    if foreign:
        raise ExportError(f"{path} holds operations that Hailo's compiler is not known to take: {', '.join(foreign)}")
    following = [node for node in nodes if node.op_type != "Constant"]
    for number, node in enumerate(following):
        if node.op_type == "Erf" and tuple(each.op_type for each in following[number : number + 4]) != _GELU:
            raise ExportError(f"{path} holds an Erf that is not part of a GELU")
    return dict(sorted(counts.items()))


def write_graph(form: AcceleratorForm, path: Path) -> None:
    """Write the compiler's form of a student: one card at a time, normalised pixels."""
    example = torch.zeros(1, 3, form.settings.height, form.settings.width)
    torch.onnx.export(
        form,
        (example,),
        path,
        input_names=[INPUT_NAME],
        output_names=[OUTPUT_NAME],
        opset_version=OPSET,
        dynamo=False,
        external_data=False,
    )


def model_script(model: CardEmbedder, name: str, calibration: int) -> str:
    """The model script: normalisation of pixels, calibration, and 16-bit sums where normalisation is by layer."""
    mean, std = ([round(255 * value, 4) for value in values] for values in (MEAN_RGB, STD_RGB))
    script = (_FOLDER / "student.alls").read_text(encoding="utf-8")
    if is_rewritten(model):
        script += (_FOLDER / "residuals16.alls").read_text(encoding="utf-8")
    return script.format(mean=mean, std=std, calibration=calibration, name=name)


def _parity(path: Path, crops: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> float:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    normalized = (crops / 255 - np.asarray(MEAN_RGB)) / np.asarray(STD_RGB)
    batch = normalized.transpose(0, 3, 1, 2).astype(np.float32)
    got = np.concatenate([session.run(None, {INPUT_NAME: card[None]})[0] for card in batch])
    least = float(np.min(np.sum(got * expected, axis=1) / np.linalg.norm(got, axis=1)))
    if not least >= LEAST_PARITY:
        raise ExportError(f"the graph for the compiler does not compute the model: cosine {least:.6f} on card crops")
    return least


def _manifest(original: ModelManifest) -> str:
    compiled = original.model_copy(update={"float_sha256": original.sha256})
    return json.dumps(compiled.model_dump(), indent=2) + "\n"
