import json
import sys
import types
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from edge.errors import ConfigurationError
from edge.manifests import ModelManifest, file_sha256, read_model_manifest
from tests.training.conftest import TINY, coarse_cards
from training.errors import ExportError
from training.export.accelerator import AcceleratorForm, is_rewritten
from training.export.compilation import check_job, check_operations, write_graph, write_job
from training.export.graph import FormedEmbedder, GraphForm
from training.export.hailo.compile_job import compile_job
from training.networks.model import CardEmbedder

# The exporter of opset 13 is on its way out, and says so in several ways.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:.*LeafSpec.*:FutureWarning", "ignore::UserWarning"
)
CARDS = coarse_cards(8)


def unlike_at_start(family: str) -> CardEmbedder:
    """A student whose normalisations and layer scales are not those it starts with."""
    torch.manual_seed(0)
    model = CardEmbedder(replace(TINY, family=family, hidden_sizes=(8, 8, 16, 16), group_width=8))
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if value.ndim == 1 and value.dtype == torch.float32:
            value.data = torch.rand_like(value) + (0.5 if "var" in name or "weight" in name else -0.5)
    return model.eval()


@pytest.mark.parametrize("family", ["convnext", "dinov3-convnext", "convnext-batchnorm", "regnet-x"])
def test_the_rewritten_student_is_the_same_function(family: str):
    model = unlike_at_start(family)
    pixels = torch.rand(3, 3, 64, 32) * 255
    with torch.no_grad():
        expected = model(pixels)
        got = torch.nn.functional.normalize(AcceleratorForm(model)((pixels - model.mean) / model.std), dim=1)
    assert torch.allclose(got, expected, atol=2e-6)
    assert is_rewritten(model) == (family in {"convnext", "dinov3-convnext"})


def write_float_model(model: CardEmbedder, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, of transformers' own checks
        torch.onnx.export(
            FormedEmbedder(model, GraphForm()).eval(),
            (torch.zeros(2, 3, 64, 32),),
            path,
            input_names=["pixels"],
            output_names=["embedding"],
            dynamic_axes={"pixels": {0: "N"}},
            opset_version=17,
            dynamo=False,
        )
    manifest = ModelManifest(
        model_id="tiny",
        file=path.name,
        sha256=file_sha256(path),
        dimension=8,
        preprocessing=model.settings.preprocessing,
    )
    path.with_suffix(".json").write_text(manifest.model_dump_json())


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("job")
    torch.manual_seed(0)
    model = unlike_at_start("convnext")
    write_float_model(model, folder / "tiny.onnx")
    crops = [np.ascontiguousarray(card[::5, ::7][:64, :32]) for card in CARDS]
    report = write_job(model, folder / "tiny.onnx", crops, folder / "job")
    assert report["least_cosine"] >= 0.9999
    assert report["calibration_crops"] == 8
    assert not set(report["operations"]) & {"Transpose", "MatMul", "LayerNormalization", "Reshape", "Shape"}
    return folder / "job"


def test_a_job_folder_is_complete(job: Path):
    assert {path.name for path in job.iterdir()} == {
        "tiny.onnx",
        "tiny.alls",
        "calibration.npy",
        "expected.npy",
        "manifest.json",
        "compile_job.py",
        "COMMANDS.txt",
        "job.json",
    }
    script = (job / "tiny.alls").read_text()
    assert "normalization1 = normalization([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])" in script
    assert "calibset_size=8" in script
    assert "quantization_param({tiny/ew_add*}, precision_mode=a16_w16)" in script
    assert "{" not in script.replace("{tiny", "")
    calibration = np.load(job / "calibration.npy")
    assert calibration.shape == (8, 64, 32, 3)
    assert calibration.dtype == np.uint8
    assert [entry.opset_import[0].version for entry in [onnx.load(job / "tiny.onnx")]] == [13]


def test_a_job_that_was_tampered_with_is_noticed(job: Path, tmp_path: Path):
    copy = tmp_path / "job"
    copy.mkdir()
    for path in job.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    check_job(copy)
    (copy / "tiny.alls").write_text("")
    with pytest.raises(ExportError, match=r"tiny\.alls"):
        check_job(copy)


def test_a_folder_with_something_in_it_is_left_alone(job: Path):
    with pytest.raises(ConfigurationError, match="not empty"):
        write_job(unlike_at_start("convnext"), job.parent / "tiny.onnx", [], job)


@pytest.mark.parametrize(("operations", "named"), [(["Conv", "Resize"], "Resize"), (["Erf", "Relu"], "Erf")])
def test_an_operation_that_the_compiler_does_not_take_is_named(tmp_path: Path, operations: list[str], named: str):
    nodes = [helper.make_node(kind, [f"x{n}"], [f"x{n + 1}"]) for n, kind in enumerate(operations)]
    ends = [helper.make_tensor_value_info(f"x{n}", TensorProto.FLOAT, [1]) for n in (0, len(nodes))]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:])), tmp_path / "graph.onnx")
    with pytest.raises(ExportError, match=named):
        check_operations(tmp_path / "graph.onnx")


class StandInRunner:
    """Takes the calls of Hailo's ClientRunner, in the order of its documentation, and gives bytes for a HEF."""

    def __init__(self, *, hw_arch: str) -> None:
        self.calls = [("hw_arch", hw_arch)]

    def translate_onnx_model(self, model: str, name: str, *, net_input_shapes: dict[str, list[int]]) -> None:
        assert net_input_shapes == {"pixels": [1, 3, 64, 32]}
        assert {entry.name for entry in onnx.load(model).graph.input} == set(net_input_shapes)
        self.calls.append(("translate", name))

    def load_model_script(self, path: str) -> None:
        assert "normalization1" in Path(path).read_text()

    def optimize(self, crops: np.ndarray) -> None:
        assert crops.shape[1:] == (64, 32, 3)

    def save_har(self, path: str) -> None:
        Path(path).write_bytes(b"har")

    def infer_context(self, _context: str):
        return open("/dev/null")  # noqa: PTH123

    def infer(self, _context, crops: np.ndarray) -> np.ndarray:
        return np.ones((len(crops), 1, 1, 8), np.float32)

    def compile(self) -> bytes:
        return b"hef of " + self.calls[-1][1].encode()


def test_the_compiler_is_driven_through_its_interface(job: Path, monkeypatch, capsys):
    stand_in = types.ModuleType("hailo_sdk_client")
    stand_in.ClientRunner = StandInRunner
    stand_in.InferenceContext = types.SimpleNamespace(SDK_QUANTIZED="quantized")
    monkeypatch.setitem(sys.modules, "hailo_sdk_client", stand_in)
    monkeypatch.setattr("shutil.which", lambda _: None)
    hef = compile_job(job)
    assert hef.read_bytes() == b"hef of tiny"
    manifest = read_model_manifest(job / "tiny.json")
    float_manifest = ModelManifest.model_validate_json((job.parent / "tiny.json").read_bytes())
    assert manifest.sha256 == file_sha256(hef)
    assert manifest.gallery_sha256 == float_manifest.sha256
    assert manifest.model_id == float_manifest.model_id
    assert json.loads((job / "job.json").read_text())["hw_arch"] == "hailo8"
    assert "emulated against float" in capsys.readouterr().out


@pytest.mark.parametrize("family", ["convnext-batchnorm", "regnet-x", "dinov3-convnext"])
def test_every_family_has_a_graph_for_the_compiler(family: str, tmp_path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_graph(AcceleratorForm(unlike_at_start(family)).eval(), tmp_path / "graph.onnx")
    operations = set(check_operations(tmp_path / "graph.onnx")) - {"Constant", "Identity"}
    if family == "dinov3-convnext":
        assert {"Erf", "ReduceMean", "Sqrt"} <= operations
    else:
        assert operations == {"Conv", "Relu", "Add", "Flatten", "Gemm"}
