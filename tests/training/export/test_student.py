import json
import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ModelError
from edge.manifests import read_model_manifest
from tests.training.conftest import TINY, coarse_cards
from training.data.cards import Cards
from training.data.references import References
from training.embedding.retrieval import torch_embedding
from training.errors import ExportError
from training.export import student as export
from training.export.graph import GraphForm
from training.export.quantization import quantize_model
from training.export.student import check_parity, describe_training, export_graph, export_model, graph_parity
from training.networks.model import CardEmbedder, student_of

# torch's exporter warns about its own use of a deprecated class.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


@pytest.fixture(scope="module")
def held_out() -> References:
    return References(images=coarse_cards(16), labels=np.arange(16), card_ids=tuple(map(str, range(16))))


@pytest.fixture(scope="module")
def model() -> CardEmbedder:
    torch.manual_seed(0)
    return CardEmbedder(TINY).eval()


@pytest.fixture(scope="module")
def exported(model, held_out, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "tiny.onnx"
    export_model(model, held_out, path, {"note": "of a test"})
    return path


def test_the_scanner_opens_it_and_agrees_with_torch(exported, model, held_out):
    embedder = OnnxEmbedder(exported)
    expected = torch_embedding(model, 32, 64)(list(held_out.images[:5]))
    for size in range(1, 6):
        assert np.allclose(embedder.embed(list(held_out.images[:size])), expected[:size], atol=1e-5)


def test_the_manifest_says_what_it_is(exported):
    manifest = read_model_manifest(exported.with_suffix(".json"))
    assert manifest.dimension == 8
    assert (manifest.preprocessing.width, manifest.preprocessing.height) == (32, 64)
    assert manifest.model_id == f"tiny-{manifest.sha256[:12]}"
    assert manifest.card["note"] == "of a test"
    assert manifest.card["parity"] > 0.9999
    assert manifest.card["scores"]["as in training"]["gallery"] == 16


def test_one_file_and_its_manifest_are_all_that_is_written(exported):
    assert sorted(file.name for file in exported.parent.iterdir()) == ["tiny.json", "tiny.onnx"]


def test_the_graph_has_the_names_and_the_free_batch_that_the_scanner_needs(exported):
    (pixels,) = onnxruntime.InferenceSession(exported).get_inputs()
    assert pixels.name == "pixels"
    assert isinstance(pixels.shape[0], str)
    assert pixels.shape[1:] == [3, 64, 32]


def test_another_form_agrees_with_torch_and_is_refused_by_the_scanner(model, held_out, tmp_path):
    form = GraphForm(batch=2, normalized_input=True)
    assert export_graph(model, held_out, tmp_path / "tiny.onnx", form) >= 0.9999
    (pixels,) = onnxruntime.InferenceSession(tmp_path / "tiny.onnx").get_inputs()
    assert pixels.shape[0] == 2
    with pytest.raises(ModelError, match=r"tiny\.json"):
        OnnxEmbedder(tmp_path / "tiny.onnx")
    with pytest.raises(ExportError, match="does not agree"):
        graph_parity(model, tmp_path / "tiny.onnx", GraphForm(batch=2), list(held_out.images[:4]))


def test_8_bit_integers_keep_the_answers_and_fit_the_float_models_databases(exported, held_out, tmp_path):
    cards = Cards(learnt=held_out, held_out=held_out)
    level = logging.getLogger().level
    manifest = quantize_model(exported, tmp_path / "tiny-int8.onnx", cards, calibration=16)
    assert logging.getLogger().level == level
    original, quantized = OnnxEmbedder(exported), OnnxEmbedder(tmp_path / "tiny-int8.onnx")
    assert quantized.manifest == manifest
    assert manifest.gallery_sha256 == original.manifest.sha256
    assert manifest.model_id == original.manifest.model_id
    report = manifest.card["quantisation"]
    assert report["cosine"]["mean"] > 0.98
    assert set(report["loss_points"]) == {"as in training", "heavily disturbed"}
    cosines = np.sum(original.embed(list(held_out.images)) * quantized.embed(list(held_out.images)), axis=1)
    assert 0.9 < cosines.min() < 1 - 1e-7
    types = {node.op_type for node in onnx.load(tmp_path / "tiny-int8.onnx").graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= types
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny-int8.json", "tiny-int8.onnx"]


def test_another_network_is_noticed(exported, held_out):
    torch.manual_seed(1)
    with pytest.raises(ExportError, match="does not agree"):
        check_parity(CardEmbedder(TINY).eval(), OnnxEmbedder(exported), held_out)


def test_a_network_that_gives_no_numbers_is_noticed(exported, held_out):
    spoiled = CardEmbedder(TINY).eval()
    for weight in spoiled.parameters():
        weight.data.fill_(torch.nan)
    with pytest.raises(ExportError, match="does not agree with the network: cosine nan"):
        check_parity(spoiled, OnnxEmbedder(exported), held_out)


def test_a_failed_check_leaves_nothing(model, held_out, exported, tmp_path, monkeypatch):
    torch.manual_seed(1)
    other = CardEmbedder(TINY).eval()
    monkeypatch.setattr(export, "write_onnx", lambda _model, path: path.write_bytes(exported.read_bytes()))
    with pytest.raises(ExportError, match="does not agree"):
        export_model(other, held_out, tmp_path / "tiny.onnx", {})
    assert list(tmp_path.iterdir()) == []


def test_the_average_is_exported_not_the_last_step(model):
    last = {name: value + 1 for name, value in model.state_dict().items()}
    state = {
        "settings": {"model": json.loads(json.dumps(TINY.to_json()))},
        "average": model.state_dict(),
        "model": last,
    }
    pixels = torch.rand(2, 3, 64, 32) * 255
    assert torch.equal(student_of(state)(pixels), model(pixels))


@pytest.mark.parametrize(
    ("cards", "losses", "data"),
    [
        (2000, {"contrastive": 0.2, "arcface": 1.5}, "2000 simulated cards;"),
        ("/home/me/scans", {"feature": 0.1, "kl": 0.3}, "the card images of the folder scans, without"),
    ],
)
def test_the_model_card_says_what_was_learnt(tmp_path, cards, losses, data):
    lineage = {"begun_with": {"sha256": "1", "steps": 9}, "taught_by": {"sha256": "2"}, "card_labels": "0123"}
    description = {"command": "c", "cards": cards, "settings": {"seed": 3}, "processes": 2, "versions": {}, **lineage}
    (tmp_path / "run.json").write_text(json.dumps(description))
    lines = [{"step": 25, **losses, "learning_rate": 0.1}, {"step": 30, "recall_at_1": 0.9}]
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    card = describe_training(tmp_path, {"step": 30, "elapsed_s": 60.0})
    assert card["data"].startswith(data)
    assert card["data"].endswith("; scored on 1000 simulated cards that were not among them")
    assert card["loss"] == losses
    assert {key: card[key] for key in lineage} == lineage


def test_a_run_without_a_description_is_named(tmp_path):
    with pytest.raises(ExportError, match=str(tmp_path)):
        describe_training(tmp_path, {"step": 1, "elapsed_s": 1.0})


def test_the_shipped_model_is_small():
    assert Path("models/demo.onnx").stat().st_size <= 16_000_000
