"""The outline network in the form that the IMX500 runs: pixels in, what the last convolutions say out.

Sony's converter takes one picture of a fixed size. What follows the last convolutions (a sigmoid, an exponential)
would be rounded to 8 bits where it is steepest, so the scanner does it (`edge.detection.networks.dense`). The
normalisation of pixels goes into the first convolution. That is the same function but at the picture's first row and
column, where a convolution sees black outside instead of the mean colour.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from edge.detection.networks import outline
from training.errors import ExportError

# layout: of the picture that the network is shown: the whole of the square frame, in which it knows cards of about an
# eighth of the frame's side and more.
SIZE_PX = 320
INPUT_NAME = outline.INPUT_NAME
LOGITS, LOG_DISTANCES = "logits", "log_distances"
# What both the toolkit's reader (`convert_job.GraphModule`) and the sensor run.
OPERATIONS = frozenset({"Add", "Conv", "Relu", "Resize"})


def sensor_graph(model: ModelProto) -> ModelProto:
    """Rewrite the exported outline network.

    Args:
        model: `outline.onnx`, as `card-training export-detector` writes it.

    Returns:
        float32 [1, 3, `SIZE_PX`, `SIZE_PX`] RGB, 0 to 255, to `LOGITS` [1, 1, h, w] of a card's centre and
        `LOG_DISTANCES` [1, RAYS, h, w], of the distances in units of `DISTANCE_UNIT_PX`.

    Raises:
        ExportError: if it is another network.
    """
    graph = model.graph
    made_by = {output: node for node in graph.node for output in node.output}
    weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    divided, subtracted, first = _normalisation(graph)
    logits = _before(made_by, outline.OUTPUT_NAMES[0], ("Sigmoid",))
    log_distances = _before(made_by, outline.OUTPUT_NAMES[1], ("Mul", "Exp", "Clip"))
    mean, std = weights[subtracted.input[1]].reshape(-1), weights[divided.input[1]].reshape(-1)
    folded = _folded(weights[first.input[1]], weights[first.input[2]], mean, std)
    weights |= dict(zip(first.input[1:], folded, strict=True))
    nodes = [_renamed(node, {first.input[0]: INPUT_NAME, logits: LOGITS, log_distances: LOG_DISTANCES})
             for node in graph.node if node.op_type in OPERATIONS]  # fmt: skip
    used = {name for node in nodes for name in node.input}
    cells = SIZE_PX // outline.STRIDE_PX
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "outline",
            [_tensor(INPUT_NAME, (3, SIZE_PX, SIZE_PX))],
            [_tensor(LOGITS, (1, cells, cells)), _tensor(LOG_DISTANCES, (outline.RAYS, cells, cells))],
            [numpy_helper.from_array(value, name) for name, value in weights.items() if name in used],
        ),
        opset_imports=[
            helper.make_opsetid("", version.version) for version in model.opset_import if not version.domain
        ],
        ir_version=model.ir_version,
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def with_mean_border(sensor: ModelProto, model: ModelProto) -> ModelProto:
    """The sensor's graph with the mean colour around the picture, which makes it the same function as the network.

    Args:
        sensor: as `sensor_graph` gives it.
        model: that it was made of.
    """
    _, subtracted, _ = _normalisation(model.graph)
    mean = next(numpy_helper.to_array(each) for each in model.graph.initializer if each.name == subtracted.input[1])
    made = ModelProto()
    made.CopyFrom(sensor)
    first = made.graph.node[0]
    pads = next(each for each in first.attribute if each.name == "pads")
    around = [0, 0, *pads.ints[:2], 0, 0, *pads.ints[2:]]
    pads.ints[:] = [0] * len(pads.ints)
    first.input[0] = "bordered"
    nodes = [
        helper.make_node("Sub", [INPUT_NAME, "mean"], ["centred"]),
        helper.make_node("Pad", ["centred", "around"], ["padded"]),
        helper.make_node("Add", ["padded", "mean"], ["bordered"]),
        *made.graph.node,
    ]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    made.graph.initializer.append(numpy_helper.from_array(mean.reshape(1, 3, 1, 1), "mean"))
    made.graph.initializer.append(numpy_helper.from_array(np.array(around, np.int64), "around"))
    return made


def _normalisation(graph: GraphProto) -> tuple[NodeProto, NodeProto, NodeProto]:
    """The division, the subtraction and the convolution that pixels go through first."""
    chain: list[NodeProto] = []
    name = INPUT_NAME
    for wanted in ("Sub", "Div", "Conv"):
        (*_, node) = [each for each in graph.node if name in each.input] or [None]
        if node is None or node.op_type != wanted or (wanted == "Conv" and len(node.input) != 3):
            raise ExportError("the model does not begin with the normalisation of pixels: it is not an outline network")
        chain.append(node)
        name = node.output[0]
    return chain[1], chain[0], chain[2]


def _before(made_by: dict[str, NodeProto], output: str, operations: tuple[str, ...]) -> str:
    """The tensor that some operations, last first, make an output of."""
    name = output
    for wanted in operations:
        node = made_by.get(name)
        if node is None or node.op_type != wanted:
            raise ExportError(f"the model's output {output} is not made by {', '.join(operations)}: it is another one")
        name = node.input[0]
    return name


def _folded(
    weight: NDArray[np.float32], bias: NDArray[np.float32], mean: NDArray[np.float32], std: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The convolution of pixels that equals one of (pixels - mean) / std, where it lies inside the picture."""
    scaled = weight.astype(np.float64) / std.reshape(1, -1, 1, 1)
    shifted = bias - np.einsum("oikl,i->o", scaled, mean)
    return scaled.astype(np.float32), shifted.astype(np.float32)


def _renamed(node: NodeProto, names: dict[str, str]) -> NodeProto:
    made = NodeProto()
    made.CopyFrom(node)
    for field in (made.input, made.output):
        field[:] = [names.get(each, each) for each in field]
    return made


def _tensor(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, *shape))
