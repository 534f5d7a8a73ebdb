"""A network that is made over does nearly what it was made of, and holds nothing that accelerators lack."""

from collections import Counter
from dataclasses import replace

import onnx
import pytest
import torch

from tests.training.conftest import TINY
from training.distillation.reconstruction import reconstructed
from training.errors import TrainingError
from training.export.graph import GraphForm, write_onnx
from training.networks.model import CardEmbedder

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")

WIDE = replace(TINY, hidden_sizes=(8, 12, 16, 24))


@pytest.fixture(scope="module")
def teacher():
    torch.manual_seed(0)
    network = CardEmbedder(WIDE)
    with torch.no_grad():
        for _ in range(20):
            network(pictures(16, seed=1))
    return network.eval()


def pictures(count, seed):
    """Smooth pictures, as cards are."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 8, 4, generator=generator) * 255
    return torch.nn.functional.interpolate(coarse, (64, 32), mode="bilinear")


def similarity(one, other, pixels):
    with torch.no_grad():
        return float((one(pixels) * other(pixels)).sum(dim=1).mean())


def test_it_does_nearly_the_same_on_other_pictures(teacher):
    student = reconstructed(teacher, pictures(256, seed=2))
    torch.manual_seed(0)
    random = CardEmbedder(student.settings).eval()
    others = pictures(64, seed=3)
    assert student.settings == replace(WIDE, family="convnext-batchnorm")
    assert similarity(teacher, student, others) > 0.8
    assert similarity(teacher, random, others) < 0.5


def test_its_normalisations_know_what_they_normalise(teacher):
    pixels = pictures(256, seed=2)
    student = reconstructed(teacher, pixels)
    with torch.no_grad():
        in_use, learning = student(pixels), student.train()(pixels)
    assert torch.allclose(in_use, learning, atol=1e-3)


def test_the_graph_has_operations_of_accelerators_alone(teacher, tmp_path):
    student = reconstructed(teacher, pictures(32, seed=2))
    form = GraphForm(batch=1, normalized_input=True, unit_output=False)
    write_onnx(student, tmp_path / "student.onnx", form)
    kinds = Counter(node.op_type for node in onnx.load(tmp_path / "student.onnx").graph.node)
    assert kinds.keys() <= {"Conv", "Relu", "Add", "Flatten", "Reshape", "Gemm"}


def test_another_family_is_refused(teacher):
    student = reconstructed(teacher, pictures(32, seed=2))
    with pytest.raises(TrainingError, match="family convnext can be made over, not convnext-batchnorm"):
        reconstructed(student, pictures(32, seed=2))
