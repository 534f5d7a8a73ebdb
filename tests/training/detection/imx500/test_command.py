import json
import shutil
from argparse import Namespace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from edge.errors import ConfigurationError, ModelError
from edge.manifests import file_sha256, read_sensor_manifest
from edge.shipped import MODELS, OUTLINE_MODEL
from training.cli import build_parser
from training.detection.imx500 import command, tools
from training.detection.imx500.command import INTRINSICS, NAME, check_job, write_job
from training.detection.imx500.convert_job import GraphModule, agreement, check_float, fix_batch
from training.detection.imx500.graph import SIZE_PX
from training.errors import ExportError

PICTURES = np.random.default_rng(1).integers(0, 256, (5, SIZE_PX, SIZE_PX, 3), np.uint8)


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("job")
    write_job(OUTLINE_MODEL, PICTURES, folder)
    return folder


def test_a_job_is_complete_and_proven(job):
    assert check_job(job, OUTLINE_MODEL)["calibration_pictures"] == 5
    np.testing.assert_array_equal(np.load(job / "calibration.npy"), PICTURES[..., ::-1])
    commands = (job / "COMMANDS.txt").read_text()
    assert f"{job.name}/convert_job.py {job.name}" in commands
    assert "'edge-mdt[pt]==1.3.0'" in commands


def test_the_program_of_the_job_reads_its_graph(job):
    module = GraphModule(onnx.load(job / f"{NAME}.onnx")).eval()
    pixels = torch.from_numpy(np.load(job / "calibration.npy").transpose(0, 3, 1, 2).astype(np.float32))
    check_float(module, pixels, job / "expected.npz")
    assert agreement(module, module, pixels[:1], ["logits", "log_distances"]) == {"logits": 0.0, "log_distances": 0.0}
    with pytest.raises(ValueError, match="differs from what it should say"):
        check_float(module, pixels.flip(1), job / "expected.npz")


def test_the_converter_gets_one_picture(job, tmp_path):
    model = onnx.load(job / f"{NAME}.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(model, tmp_path / "dynamic.onnx")
    fix_batch(tmp_path / "dynamic.onnx")
    fixed = onnx.load(tmp_path / "dynamic.onnx").graph
    assert [each.type.tensor_type.shape.dim[0].dim_value for each in (*fixed.input, *fixed.output)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "said"), [("calibration.npy", "is not the file"), (f"{NAME}.onnx", "is not the file")]
)
def test_a_damaged_job_is_told(job, tmp_path, name, said):
    shutil.copytree(job, tmp_path / "copy")
    with (tmp_path / "copy" / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ExportError, match=said):
        check_job(tmp_path / "copy", OUTLINE_MODEL)


def test_a_damaged_model_is_told(tmp_path):
    for path in (OUTLINE_MODEL, OUTLINE_MODEL.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    with (tmp_path / "outline.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match="damaged"):
        write_job(tmp_path / "outline.onnx", PICTURES, tmp_path / "job")


def arguments(tmp_path: Path, *more: str) -> Namespace:
    given = ["export-imx500", "--output", str(tmp_path / "job"), "--runs", str(tmp_path / "runs"), "--calibration", "1"]
    return build_parser("export-imx500").parse_args([*given, *more])


@pytest.mark.long
def test_without_the_tools_a_job_is_written(tmp_path, capsys):
    assert command.run(arguments(tmp_path)) == 0
    assert "nothing was converted" in capsys.readouterr().out
    assert json.loads((tmp_path / "job" / "job.json").read_text())["name"] == NAME


def environment(tmp_path: Path, script: str) -> Path:
    """An environment whose python does what `script` says, with the job's folder as $2."""
    folder = tmp_path / "sony"
    (folder / "bin").mkdir(parents=True)
    for name in ("python", "imxconv-pt"):
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / "bin" / name).chmod(0o755)
    return folder


def test_with_the_tools_the_job_is_carried_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tools.shutil, "which", lambda _: "/usr/bin/true")
    monkeypatch.setattr(command, "small_scenes", lambda *_, **__: Namespace(images=PICTURES))
    named = environment(tmp_path, 'test "$1" = "$2/convert_job.py" && touch "$2/carried-out"')
    assert command.run(arguments(tmp_path, "--environment", str(named))) == 0
    assert (tmp_path / "job" / "carried-out").exists()
    assert capsys.readouterr().out.splitlines()[-1] == f"{tmp_path}/job/{NAME}.zip"
    (named / "bin" / "python").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(ExportError, match="can be tried again"):
        tools.SonyTools.in_environment(named).convert(tmp_path / "job")


def test_an_environment_that_cannot_be_used_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(tools.shutil, "which", lambda name: None if name == "java" else "/usr/bin/true")
    with pytest.raises(ConfigurationError, match="Java 17"):
        tools.SonyTools.in_environment(tmp_path)
    monkeypatch.setattr(tools.shutil, "which", lambda name: None if name == tools.PYTHON else "/usr/bin/true")
    with pytest.raises(ConfigurationError, match="not an environment with imxconv-pt"):
        tools.SonyTools.in_environment(tmp_path)
    with pytest.raises(ConfigurationError, match="needs python3.11"):
        tools.SonyTools.in_environment(tmp_path / "new")
    monkeypatch.setattr(tools.shutil, "which", lambda _: "/usr/bin/false")
    with pytest.raises(ConfigurationError, match="could not be made"):
        tools.SonyTools.in_environment(tmp_path / "new")


def test_the_shipped_package_is_of_the_shipped_network():
    manifest = read_sensor_manifest(MODELS / f"{NAME}.json")
    assert manifest.sha256 == file_sha256(MODELS / manifest.file)
    said = json.loads((MODELS / f"{NAME}.json").read_text())
    assert said["float_sha256"] == file_sha256(OUTLINE_MODEL)
    assert manifest.intrinsics == INTRINSICS
