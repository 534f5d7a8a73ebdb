"""Carries out one job folder of `card-training compile` with Hailo's Dataflow Compiler: python compile_job.py FOLDER.

It needs nothing but the compiler's own environment (hailo_sdk_client, numpy). The HEF and its manifest appear in the
folder.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np


def compile_job(folder: Path) -> Path:
    """Parse, optimise, compare the emulated chip with the float model, compile, profile; returns the HEF's path."""
    from hailo_sdk_client import ClientRunner

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    name = job["name"]
    runner = ClientRunner(hw_arch=job["hw_arch"])
    runner.translate_onnx_model(
        str(folder / job["onnx"]), name, net_input_shapes={job["input"]: [1, 3, job["height"], job["width"]]}
    )
    runner.load_model_script(str(folder / job["script"]))
    crops = np.load(folder / job["calibration"])
    runner.optimize(crops)
    runner.save_har(str(folder / f"{name}.har"))
    print_agreement(runner, crops, np.load(folder / job["expected"]))
    hef = folder / f"{name}.hef"
    hef.write_bytes(runner.compile())
    runner.save_har(str(folder / f"{name}_compiled.har"))
    write_manifest(folder, hef)
    profile(folder / f"{name}_compiled.har")
    return hef


def print_agreement(runner: Any, crops: Any, expected: Any) -> None:  # noqa: ANN401 (the compiler's own types)
    """Say how near the emulated 8-bit network comes to the float model; the chip itself may still differ."""
    from hailo_sdk_client import InferenceContext

    with runner.infer_context(InferenceContext.SDK_QUANTIZED) as context:
        got = np.asarray(runner.infer(context, crops[: len(expected)])).reshape(expected.shape)
    cosines = np.sum(got * expected, axis=1) / np.linalg.norm(got, axis=1)
    sys.stdout.write(f"emulated against float: cosine {cosines.mean():.4f} (mean), {cosines.min():.4f} (least)\n")


def write_manifest(folder: Path, hef: Path) -> None:
    """Write the HEF's manifest beside it."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"file": hef.name, "sha256": hashlib.sha256(hef.read_bytes()).hexdigest()}
    hef.with_suffix(".json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def profile(har: Path) -> None:
    """Write the compiler's performance report beside a compiled archive."""
    program = shutil.which("hailo")
    if program is not None:
        subprocess.run([program, "profiler", har.name], cwd=har.parent, check=False)  # noqa: S603 (a fixed command)


if __name__ == "__main__":
    sys.stdout.write(f"{compile_job(Path(sys.argv[1]))}\n")
