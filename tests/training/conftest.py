import socket
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge.manifests import ModelManifest, Preprocessing, file_sha256
from training.data.references import COLUMNS, ROWS, References
from training.networks.model import ModelSettings

TINY = ModelSettings(depths=(1, 1, 1, 1), hidden_sizes=(4, 4, 8, 8), dimension=8, map_channels=8, height=64, width=32)

DIMENSION = 3 * 14 * 10


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def coarse_cards(count: int, seed: int = 0) -> np.ndarray:
    """Cards of 8 x 6 coloured blocks: quick to make, and all different."""
    blocks = np.random.default_rng(seed).integers(0, 256, (count, 8, 6, 3), dtype=np.uint8)
    return np.ascontiguousarray(blocks.repeat(ROWS // 8, axis=1).repeat(COLUMNS // 6, axis=2))


@pytest.fixture(scope="session")
def references() -> References:
    return References(images=coarse_cards(6), labels=np.array([0, 1, 2, 3, 4, 0]), card_ids=tuple("abcdef"))


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """A model without weights: the mean colour of each 16 x 16 tile, less the mean, as a unit vector."""
    path = tmp_path_factory.mktemp("model") / "tiles.onnx"
    nodes = [
        helper.make_node("AveragePool", ["pixels"], ["tiles"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Flatten", ["tiles"], ["flat"]),
        helper.make_node("ReduceMean", ["flat", "axes"], ["mean"]),
        helper.make_node("Sub", ["flat", "mean"], ["centred"]),
        helper.make_node("LpNormalization", ["centred"], ["embedding"], axis=1, p=2),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, 224, 160])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIMENSION])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(nodes, "tiles", [pixels], [embedding], [axes])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    manifest = ModelManifest(
        model_id="tiles",
        file=path.name,
        sha256=file_sha256(path),
        dimension=DIMENSION,
        preprocessing=Preprocessing(width=160, height=224),
    )
    path.with_suffix(".json").write_text(manifest.model_dump_json())
    return path
