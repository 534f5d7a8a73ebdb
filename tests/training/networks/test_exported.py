"""A student read back from its ONNX file is the same function."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from edge.manifests import ModelManifest, file_sha256
from tests.training.conftest import TINY
from training.errors import TrainingError
from training.export.graph import write_onnx
from training.networks.exported import read_exported
from training.networks.model import CardEmbedder

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


@pytest.fixture(scope="module", params=["convnext", "convnext-batchnorm"])
def exported(request, tmp_path_factory):
    torch.manual_seed(0)
    student = CardEmbedder(replace(TINY, family=request.param))
    for name, value in [*student.named_parameters(), *student.named_buffers()]:
        if value.ndim == 1 and value.dtype == torch.float32:  # equal weights would be one in the file
            value.data = torch.rand_like(value) + (0.5 if "var" in name or "weight" in name else -0.5)
    path = tmp_path_factory.mktemp("exported") / "student.onnx"
    write_onnx(student.eval(), path)
    manifest = ModelManifest(
        model_id="student",
        file=path.name,
        sha256=file_sha256(path),
        dimension=TINY.dimension,
        preprocessing=TINY.preprocessing,
        card={"model": student.settings.to_json()},
    )
    path.with_suffix(".json").write_text(manifest.model_dump_json())
    return student, path


def test_the_same_embeddings(exported):
    student, path = exported
    read = read_exported(path)
    assert read.settings == student.settings
    pixels = torch.rand(5, 3, 64, 32) * 255
    with torch.no_grad():
        assert torch.allclose(read(pixels), student(pixels), atol=1e-5)


def test_a_file_of_something_else_is_refused(exported, tmp_path):
    path = Path(shutil.copy(exported[1], tmp_path))
    manifest = path.with_suffix(".json")
    text = exported[1].with_suffix(".json").read_text()
    manifest.write_text(text.replace('"depths":[1,', '"depths":[2,'))
    with pytest.raises(TrainingError, match=r"student\.onnx and .* are not of a student"):
        read_exported(path)
    manifest.write_text(text.replace(file_sha256(path), 64 * "0"))
    with pytest.raises(TrainingError, match="is not the file that .* describes"):
        read_exported(path)
    with pytest.raises(TrainingError, match="are not of a student"):
        read_exported(tmp_path / "nothing.onnx")
