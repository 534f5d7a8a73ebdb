from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from training.export.onnx_file import OPSET, write_module

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning", "ignore::DeprecationWarning")


class Normalised(nn.Module):
    """What a batch normalisation and dropout say differs between training and use."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.norm.running_mean.fill_(3.0)
        self.dropout = nn.Dropout(0.5)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.dropout(self.norm(values))
        return seen, seen.sum(dim=1)


@pytest.fixture(scope="module", params=["free", "fixed"])
def written(request, tmp_path_factory) -> tuple[Path, bool]:
    path = tmp_path_factory.mktemp("module") / "module.onnx"
    free = request.param == "free"
    write_module(
        Normalised().train(),
        torch.zeros(2, 4),
        path,
        input_name="values",
        output_names=("seen", "sums"),
        dynamic={0: torch.export.Dim("batch")} if free else None,
    )
    return path, free


def test_the_graph_computes_what_the_module_does_in_use(written):
    path, _ = written
    values = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    seen, sums = onnxruntime.InferenceSession(str(path)).run(["seen", "sums"], {"values": values})
    expected = (values - 3) / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(seen, expected, atol=1e-5)
    np.testing.assert_allclose(sums, expected.sum(axis=1), atol=1e-5)


def test_only_the_axes_that_are_named_may_vary(written):
    path, free = written
    session = onnxruntime.InferenceSession(str(path))
    given = {"values": np.zeros((5, 4), np.float32)}
    if free:
        assert session.run(["sums"], given)[0].shape == (5,)
    else:
        with pytest.raises(Exception, match="invalid dimensions"):
            session.run(["sums"], given)


def test_one_valid_file_says_nothing_of_where_it_was_made(written):
    path, _ = written
    model = onnx.load(path, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert {each.domain: each.version for each in model.opset_import}[""] == OPSET
    assert [file.name for file in path.parent.iterdir()] == ["module.onnx"]
    content = path.read_bytes()
    for trace in (b".py", b'File "', str(Path.cwd()).encode(), str(path.parent).encode(), b"pkg.torch"):
        assert trace not in content
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
