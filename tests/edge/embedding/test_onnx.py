import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge.embedding.onnx import OnnxEmbedder
from edge.errors import InferenceError, ModelError
from edge.manifests import file_sha256


@pytest.fixture
def model(tiny_database, tmp_path: Path) -> Path:
    for path in (tiny_database.model, tiny_database.model.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    return tmp_path / tiny_database.model.name


def describe(model: Path, **changes: object) -> None:
    manifest = model.with_suffix(".json")
    entries = json.loads(manifest.read_text()) | {"sha256": file_sha256(model)} | changes
    manifest.write_text(json.dumps(entries))


def write_model(path: Path, nodes: list, input_shape: list, output_name: str = "embedding") -> None:
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, input_shape)
    embedding = helper.make_tensor_value_info(output_name, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "other", [pixels], [embedding])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    describe(path)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_batches_of_any_size_give_unit_vectors(model: Path, tiny_database, count: int):
    embedder = OnnxEmbedder(model)
    cards = [list(tiny_database.cards.values())[i % 4] for i in range(count)]
    embeddings = embedder.embed(cards)
    assert embeddings.shape == (count, embedder.manifest.dimension)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_a_card_embeds_the_same_alone_and_in_a_batch(model: Path, tiny_database):
    embedder = OnnxEmbedder(model)
    cards = list(tiny_database.cards.values())
    alone = np.concatenate([embedder.embed([card]) for card in cards])
    np.testing.assert_allclose(embedder.embed(cards), alone, atol=1e-6)


def test_an_output_that_is_not_a_unit_vector_is_refused(model: Path):
    black = np.zeros((704, 504, 3), dtype=np.uint8)
    with pytest.raises(InferenceError, match="length 0.000 instead of 1|not finite"):
        OnnxEmbedder(model).embed([black])


def test_an_output_that_is_not_finite_is_refused(model: Path):
    embedder = OnnxEmbedder(model)
    with pytest.raises(InferenceError, match="not finite"):
        embedder.run(np.full((1, 3, 224, 160), np.nan, dtype=np.float32))


def test_a_batch_of_the_wrong_shape_is_an_inference_error(model: Path):
    with pytest.raises(InferenceError, match="ONNX Runtime failed on thumbnail"):
        OnnxEmbedder(model).run(np.zeros((1, 3, 32, 32), dtype=np.float32))


def test_a_closed_embedder_says_so(model: Path, tiny_database):
    embedder = OnnxEmbedder(model)
    embedder.close()
    embedder.close()
    with pytest.raises(InferenceError, match="has been closed"):
        embedder.embed(list(tiny_database.cards.values()))


def test_a_damaged_model_is_refused(model: Path):
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    with pytest.raises(ModelError, match="is damaged"):
        OnnxEmbedder(model)


def test_a_missing_model_is_named(model: Path):
    model.unlink()
    with pytest.raises(ModelError, match=str(model)):
        OnnxEmbedder(model)


def test_a_file_that_is_not_a_model_is_one_sentence(model: Path):
    model.write_bytes(b"not a model")
    describe(model)
    with pytest.raises(ModelError, match="not a network that ONNX Runtime can run") as caught:
        OnnxEmbedder(model)
    assert "\n" not in str(caught.value)


def test_the_manifest_of_another_file_is_refused(model: Path):
    describe(model, file="other.onnx")
    with pytest.raises(ModelError, match=r"describes other\.onnx"):
        OnnxEmbedder(model)


def test_another_dimension_than_the_manifests_is_refused(model: Path):
    describe(model, dimension=8)
    with pytest.raises(ModelError, match=r"gives embedding \[any, 420\], not embedding \[any, 8\]"):
        OnnxEmbedder(model)


def test_another_input_size_than_the_manifests_is_refused(model: Path):
    describe(model, preprocessing={"width": 224, "height": 224})
    with pytest.raises(ModelError, match=r"takes pixels \[any, 3, 224, 160\].* not pixels \[any, 3, 224, 224\]"):
        OnnxEmbedder(model)


def test_a_fixed_batch_is_refused(model: Path):
    write_model(model, [helper.make_node("Flatten", ["pixels"], ["embedding"])], [1, 3, 224, 160])
    with pytest.raises(ModelError, match=r"takes pixels \[1, 3, 224, 160\].* not pixels \[any, 3,"):
        OnnxEmbedder(model)


def test_an_output_of_another_name_is_refused(model: Path):
    write_model(model, [helper.make_node("Flatten", ["pixels"], ["features"])], ["N", 3, 224, 160], "features")
    with pytest.raises(ModelError, match=r"gives features \[.*\], not embedding \["):
        OnnxEmbedder(model)


def test_a_model_whose_output_only_shows_to_be_wrong_when_run_is_refused(model: Path):
    tiles = helper.make_node("AveragePool", ["pixels"], ["tiles"], kernel_shape=[16, 16], strides=[16, 16])
    write_model(model, [tiles, helper.make_node("Flatten", ["tiles"], ["embedding"])], ["N", 3, 224, 160])
    with pytest.raises(ModelError, match="loads but does not work .*; export the model again"):
        OnnxEmbedder(model)


def test_importing_the_database_first_does_not_crash_the_process():
    """A former crash: usearch loaded before onnxruntime ended the process with a segmentation fault."""
    for first in ("edge.database.build", "edge.database.search", "edge.database.vectors"):
        command = [sys.executable, "-c", f"import {first}; import edge.embedding.onnx"]
        assert subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode == 0
