"""A student read back from its file goes on learning as what it is."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from edge.manifests import ModelManifest, file_sha256
from tests.training.conftest import TINY
from training.distillation.reconstruction import reconstructed
from training.export.graph import write_onnx
from training.networks.exported import read_exported
from training.networks.model import CardEmbedder
from training.networks.statistics import with_statistics

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


def test_an_exported_student_learns_as_it_infers(tmp_path):
    torch.manual_seed(0)
    pixels = torch.rand(64, 3, 64, 32) * 255
    student = reconstructed(CardEmbedder(replace(TINY, hidden_sizes=(8, 12, 16, 24))).eval(), pixels)
    path = tmp_path / "student.onnx"
    write_onnx(student, path)
    manifest = ModelManifest(
        model_id="student",
        file=path.name,
        sha256=file_sha256(path),
        dimension=TINY.dimension,
        preprocessing=TINY.preprocessing,
        card={"model": student.settings.to_json()},
    )
    path.with_suffix(".json").write_text(manifest.model_dump_json())
    read = read_exported(path)
    with torch.no_grad():
        expected, untold = student(pixels), deepcopy(read).train()(pixels)
        network = with_statistics(read, pixels)
        learning, inferring = network(pixels), network.eval()(pixels)
    assert torch.allclose(inferring, expected, atol=1e-3)
    assert (untold - expected).abs().max() > 0.01
    assert torch.allclose(learning, expected, atol=0.01)
