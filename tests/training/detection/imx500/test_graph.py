import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edge.detection.networks.outline import DISTANCE_UNIT_PX, INPUT_NAME, OUTPUT_NAMES
from edge.shipped import OUTLINE_MODEL, SIDE_MODEL
from training.detection.imx500.graph import LOG_DISTANCES, LOGITS, OPERATIONS, SIZE_PX, sensor_graph, with_mean_border
from training.errors import ExportError


def run(model: onnx.ModelProto | bytes, outputs: list[str], pixels: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(outputs, {INPUT_NAME: pixels})


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    return sensor_graph(onnx.load(OUTLINE_MODEL))


def test_the_graph_is_static_and_of_operations_that_are_converted(graph):
    assert {node.op_type for node in graph.graph.node} == OPERATIONS
    shapes = {
        value.name: [each.dim_value for each in value.type.tensor_type.shape.dim]
        for value in (*graph.graph.input, *graph.graph.output)
    }
    assert shapes == {INPUT_NAME: [1, 3, SIZE_PX, SIZE_PX], LOGITS: [1, 1, 40, 40], LOG_DISTANCES: [1, 32, 40, 40]}


def test_it_computes_the_network_where_its_border_is_the_mean_colour(graph):
    pixels = np.random.default_rng(3).uniform(0, 255, (1, 3, SIZE_PX, SIZE_PX)).astype(np.float32)
    score, distances = run(OUTLINE_MODEL.read_bytes(), list(OUTPUT_NAMES), pixels)
    bordered = with_mean_border(graph, onnx.load(OUTLINE_MODEL))
    logits, log_distances = run(bordered.SerializeToString(), [LOGITS, LOG_DISTANCES], pixels)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), score, atol=1e-4)
    np.testing.assert_allclose(DISTANCE_UNIT_PX * np.exp(np.clip(log_distances, -6, 6)), distances, rtol=1e-3)


def test_another_network_is_refused():
    with pytest.raises(ExportError, match="does not begin with the normalisation|is another one"):
        sensor_graph(onnx.load(SIDE_MODEL))


def test_a_network_without_normalisation_is_refused():
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1,)) for name in (INPUT_NAME, "score")]
    node = helper.make_node("Relu", [INPUT_NAME], ["score"])
    with pytest.raises(ExportError, match="does not begin with the normalisation"):
        sensor_graph(helper.make_model(helper.make_graph([node], "other", tensors[:1], tensors[1:])))
