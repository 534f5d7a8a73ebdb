"""`card-training export-imx500`: the outline network as a package for the IMX500, by Sony's tools where they are."""

import argparse
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from edge.detection.networks.dense import LOG_BOUND
from edge.detection.networks.outline import DISTANCE_UNIT_PX, INPUT_NAME, OUTPUT_NAMES, RAYS, STRIDE_PX
from edge.manifests import check_model_file, file_sha256, read_network_manifest
from training.detection.export import LARGEST_DIFFERENCE, export_network
from training.detection.imx500.graph import LOG_DISTANCES, LOGITS, OPERATIONS, SIZE_PX, sensor_graph, with_mean_border
from training.detection.imx500.tools import REQUIREMENTS, SonyTools
from training.detection.scenes import small_scenes
from training.detection.trained import read_detector
from training.errors import ExportError
from training.export.job_folder import new_job_folder, read_job_file, write_job_file

NAME = "outline-imx500"
# chosen: frames a second, as the published networks of this input size are run at (23 to 26).
RATE = 25.0
# What picamera2 and the scanner read in the sensor's file.
INTRINSICS = {
    "task": "object detection",
    "inference_rate": RATE,
    "cpu": {"post_processing": "card-outlines"},
    "input_aspect_ratio": {"width": 1, "height": 1},
    "classes": {"labels": ["card"]},
}
# chosen: pictures that the job itself is checked with.
EXPECTED_PICTURES = 4
_FOLDER = Path(__file__).parent


def run(args: argparse.Namespace) -> int:
    """Write the job and, where the tools are, carry it out; returns the exit code.

    Raises:
        ScannerError: if the job cannot be made, fails a check, or a tool fails.
    """
    tools = None if args.environment is None else SonyTools.in_environment(args.environment)
    pictures = np.asarray(small_scenes(args.calibration, SIZE_PX, args.runs / "scenes", workers=1).images)
    new_job_folder(args.output)
    with TemporaryDirectory() as folder:
        model = args.model if args.checkpoint is None else _exported(args.checkpoint, Path(folder))
        report = write_job(model, pictures, args.output)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if tools is None:
        sys.stdout.write(
            f"No environment with Sony's tools was named (--environment), nothing was converted. {args.output} is "
            f"complete: copy it to an x86-64 machine and do what {args.output / 'COMMANDS.txt'} says.\n"
        )
        return 0
    tools.convert(args.output)
    sys.stdout.write(f"{args.output / NAME}.zip\n")
    return 0


def write_job(model: Path, pictures: NDArray[np.uint8], folder: Path) -> dict[str, Any]:
    """Write everything that Sony's tools need into a folder, and check it.

    Args:
        model: the outline network (ONNX) with its manifest beside it.
        pictures: uint8 [N, `SIZE_PX`, `SIZE_PX`, 3] BGR, to calibrate with.
        folder: empty.

    Returns:
        What was checked.

    Raises:
        ExportError: if the model is another network, or a check fails.
        ModelError: if it is damaged.
    """
    check_model_file(model, read_network_manifest(model.with_suffix(".json")))
    onnx.save(sensor_graph(onnx.load(model)), folder / f"{NAME}.onnx")
    rgb = np.ascontiguousarray(pictures[..., ::-1])
    np.save(folder / "calibration.npy", rgb)
    session = onnxruntime.InferenceSession(folder / f"{NAME}.onnx", providers=["CPUExecutionProvider"])
    said = [session.run([LOGITS, LOG_DISTANCES], {INPUT_NAME: _batch(picture)}) for picture in rgb[:EXPECTED_PICTURES]]
    logits, log_distances = (np.concatenate(each) for each in zip(*said, strict=True))
    np.savez(folder / "expected.npz", logits=logits, log_distances=log_distances)
    shutil.copy(_FOLDER / "convert_job.py", folder)
    commands = (_FOLDER / "commands.txt").read_text(encoding="utf-8")
    requirements = " ".join(f"'{each}'" for each in REQUIREMENTS)
    (folder / "COMMANDS.txt").write_text(
        commands.format(folder=folder.name, name=NAME, requirements=requirements), encoding="utf-8"
    )
    write_job_file(
        folder,
        {
            "name": NAME,
            "onnx": f"{NAME}.onnx",
            "calibration": "calibration.npy",
            "expected": "expected.npz",
            "outputs": [LOGITS, LOG_DISTANCES],
            "manifest": {
                "float_sha256": file_sha256(model),
                "input": {"width": SIZE_PX, "height": SIZE_PX, "color_order": "RGB"},
                "outputs": {LOGITS: [1, SIZE_PX // STRIDE_PX, SIZE_PX // STRIDE_PX],
                            LOG_DISTANCES: [RAYS, SIZE_PX // STRIDE_PX, SIZE_PX // STRIDE_PX]},
                "intrinsics": INTRINSICS,
                "calibration": f"{len(pictures)} simulated scenes of training cards",
            },
        },
    )  # fmt: skip
    return check_job(folder, model)


def check_job(folder: Path, model: Path) -> dict[str, Any]:
    """Check a job folder: its files, its pictures, the graph's operations, and that it computes the model.

    Raises:
        ExportError: naming what is wrong.
    """
    job = read_job_file(folder)
    pictures = np.load(folder / job["calibration"])
    if pictures.dtype != np.uint8 or pictures.shape[1:] != (SIZE_PX, SIZE_PX, 3) or pictures.std() < 1:
        raise ExportError(f"{folder / job['calibration']} holds no pictures of {SIZE_PX} x {SIZE_PX} pixels")
    graph = onnx.load(folder / job["onnx"]).graph
    foreign = sorted({node.op_type for node in graph.node} - OPERATIONS)
    if foreign:
        raise ExportError(f"{folder / job['onnx']} holds operations that are not converted: {', '.join(foreign)}")
    changed = _changed(model, folder / job["onnx"], pictures[:EXPECTED_PICTURES])
    if not max(changed.values()) < LARGEST_DIFFERENCE:
        raise ExportError(f"the graph for the sensor does not compute the model: {changed}")
    return {"nodes": len(graph.node), "calibration_pictures": len(pictures), "changed": changed}


def _changed(model: Path, sensor: Path, pictures: NDArray[np.uint8]) -> dict[str, float]:
    """By how much scores, and distances as a share of themselves, differ at most from the float network's.

    Both see the mean colour beside the pictures: there the sensor sees black, the only thing that is not the same.
    """
    graph = with_mean_border(onnx.load(sensor), onnx.load(model))
    ours = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    theirs = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    changed = {"score": 0.0, "distances": 0.0}
    for picture in pictures:
        pixels = {INPUT_NAME: _batch(picture)}
        logits, log_distances = ours.run([LOGITS, LOG_DISTANCES], pixels)
        score, distances = theirs.run(list(OUTPUT_NAMES), pixels)
        said = DISTANCE_UNIT_PX * np.exp(np.clip(log_distances, -LOG_BOUND, LOG_BOUND))
        changed["score"] = max(changed["score"], float(np.abs(1 / (1 + np.exp(-logits)) - score).max()))
        changed["distances"] = max(changed["distances"], float((np.abs(said - distances) / distances).max()))
    return changed


def _batch(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)


def _exported(checkpoint: Path, folder: Path) -> Path:
    trained = read_detector(checkpoint)
    if trained.description["network"] != "outline":
        raise ExportError(f"{checkpoint} is of the network {trained.description['network']}; the sensor runs outline")
    export_network(trained.network, folder / "outline.onnx", trained.description)
    return folder / "outline.onnx"
