import argparse
import json
import math

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from edge.detection.networks import sides
from edge.errors import ConfigurationError
from edge.manifests import file_sha256
from training.detection import export
from training.detection.export import INTERFACES, LARGEST_DIFFERENCE, check_parity, export_network, run, write_onnx
from training.errors import ExportError

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning", "ignore::DeprecationWarning")
SIDES, OUTLINE = INTERFACES["sides"], INTERFACES["outline"]


class Averages(nn.Module):
    """Stands where the network of sides does: a figure for each picture, times `factor`."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.factor * pixels.mean(dim=(2, 3))


class Blocks(nn.Module):
    """Stands where the outline network does: a logit and four distances for each block of 32 x 32 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(32)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.pool(pixels)
        return seen[:, :1] - 127, torch.cat([seen, seen[:, :1]], dim=1)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "sides.onnx"
    write_onnx(Averages(), SIDES, path)
    return path


def test_a_file_that_agrees_is_measured_and_one_that_differs_is_refused(exported):
    assert check_parity(Averages(), SIDES, exported) < 1e-5
    assert check_parity(Averages(1 + LARGEST_DIFFERENCE / 2), SIDES, exported) > LARGEST_DIFFERENCE / 4
    with pytest.raises(ExportError, match=r"differs from the trained one by 0\.002"):
        check_parity(Averages(1 + 2 * LARGEST_DIFFERENCE), SIDES, exported)


def test_what_is_no_number_does_not_agree(exported):
    with pytest.raises(ExportError, match="differs from the trained one by nan"):
        check_parity(Averages(math.nan), SIDES, exported)


def test_the_outline_network_is_exported_with_probabilities_for_pictures_of_any_size(tmp_path):
    card = export_network(Blocks(), tmp_path / "new" / "outline.onnx", {"network": "outline", "seed": 4})
    path = tmp_path / "new" / card["file"]
    assert card["sha256"] == file_sha256(path)
    assert (card["network"], card["seed"]) == ("outline", 4)
    assert json.loads(path.with_suffix(".json").read_text()) == card
    assert sorted(file.name for file in path.parent.iterdir()) == ["outline.json", "outline.onnx"]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == list(OUTLINE.output_names)
    pixels = np.random.default_rng(1).uniform(0, 255, (3, 3, 96, 160)).astype(np.float32)
    score, distances = session.run(None, {OUTLINE.input_name: pixels})
    assert (score.shape, distances.shape) == ((3, 1, 3, 5), (3, 4, 3, 5))
    blocks = pixels[:, 0].reshape(3, 3, 32, 5, 32).mean(axis=(2, 4))
    np.testing.assert_allclose(score[:, 0], 1 / (1 + np.exp(127 - blocks)), atol=1e-3)


def test_a_network_that_does_not_agree_leaves_what_was_there(tmp_path, monkeypatch):
    target = tmp_path / "sides.onnx"
    target.write_bytes(b"the one before")
    write = export.write_onnx
    monkeypatch.setattr(export, "write_onnx", lambda _module, interface, path: write(Averages(2.0), interface, path))
    with pytest.raises(ExportError, match="differs from the trained one"):
        export_network(Averages(), target, {"network": "sides"})
    assert [file.name for file in tmp_path.iterdir()] == ["sides.onnx"]
    assert target.read_bytes() == b"the one before"


def test_a_strange_file_is_not_replaced_and_the_checkpoint_not_read(tmp_path):
    target = tmp_path / "sides.onnx"
    target.write_bytes(b"of somebody else")
    args = argparse.Namespace(output=target, checkpoint=tmp_path / "none.pt")
    with pytest.raises(ConfigurationError, match=r"sides\.onnx is there already"):
        run(args)


def test_the_network_of_sides_is_compared_at_the_size_that_the_scanner_gives_it():
    assert SIDES.sizes == ((sides.VIEW_HEIGHT_PX, sides.VIEW_WIDTH_PX),)
    assert SIDES.step_px is None
    assert all(size % OUTLINE.step_px == 0 for pair in OUTLINE.sizes for size in pair)
