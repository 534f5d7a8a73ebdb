"""A student read back from its ONNX file is the same function."""

from dataclasses import replace

import pytest
import torch

from edge.manifests import ModelManifest, file_sha256
from tests.training.conftest import TINY
from training.errors import TrainingError
from training.export.graph import write_onnx
from training.networks.exported import read_exported
from training.networks.model import CardEmbedder

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


def exported(folder, family):
    torch.manual_seed(0)
    student = CardEmbedder(replace(TINY, family=family))
    for name, value in [*student.named_parameters(), *student.named_buffers()]:
        if value.ndim == 1 and value.dtype == torch.float32:  # equal weights would be one in the file
            value.data = torch.rand_like(value) + (0.5 if "var" in name or "weight" in name else -0.5)
    path = folder / "student.onnx"
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


@pytest.mark.parametrize("family", ["convnext", "convnext-batchnorm"])
def test_the_same_embeddings(family, tmp_path):
    student, path = exported(tmp_path, family)
    read = read_exported(path)
    assert read.settings == student.settings
    pixels = torch.rand(5, 3, 64, 32) * 255
    with torch.no_grad():
        assert torch.allclose(read(pixels), student(pixels), atol=1e-5)


def test_a_file_of_something_else_is_refused(tmp_path):
    _, path = exported(tmp_path, "convnext")
    manifest = path.with_suffix(".json")
    text = manifest.read_text()
    manifest.write_text(text.replace('"depths":[1,', '"depths":[2,'))
    with pytest.raises(TrainingError, match=r"student\.onnx and .* are not of a student"):
        read_exported(path)
    manifest.write_text(text.replace('"sha256":"', '"sha256":"0')[:-1] + "}")
    with pytest.raises(TrainingError, match=r"student\.(onnx|json)"):
        read_exported(path)
    with pytest.raises(TrainingError, match="are not of a student"):
        read_exported(tmp_path / "nothing.onnx")
