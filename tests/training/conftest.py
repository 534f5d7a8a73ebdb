import json
import os
import signal
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from transformers import DINOv3ViTConfig, DINOv3ViTModel

from edge.manifests import ModelManifest, Preprocessing, file_sha256
from edge.simulator.card import render_card
from edge.simulator.sets import CardSpec
from training.data.references import COLUMNS, ROWS, References
from training.embedding.loss import ArcFace
from training.embedding.teaching import TeacherObjective
from training.engine.checkpoint import save_checkpoint
from training.engine.trainer import Batches, Trainer
from training.networks.model import CardEmbedder, ModelSettings
from training.networks.teacher import Teacher, published_teacher
from training.parallel.ranks import Ranks

TINY = ModelSettings(depths=(1, 1, 1, 1), hidden_sizes=(4, 4, 8, 8), dimension=8, map_channels=8, height=64, width=32)

TEACHER = {"dimension": 8, "dropout": 0.5, "height": 64, "width": 32}

DIMENSION = 3 * 14 * 10


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class StoppingBatches:
    """Batches of a run that somebody ends with SIGTERM as the last of `count` of them is learnt from."""

    batches: Batches
    count: int

    def loader(self, numbers: range, workers: int) -> Iterator:
        for number, batch in enumerate(self.batches.loader(numbers, workers), 1):
            if number == self.count:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch


def stop_after(trainer: Trainer, steps: int) -> None:
    """Have SIGTERM come once a trainer has done so many steps."""
    trainer.batches = StoppingBatches(trainer.batches, steps * trainer.settings.batches_per_step)


def write_card_folder(folder: Path, specs: Iterable[CardSpec]) -> None:
    """Cards as images in `folder / "cards"`, and their metadata in `folder / "cards.json"`."""
    (folder / "cards").mkdir()
    metadata = {}
    for spec in specs:
        name = spec.name.replace(" ", "-")
        cv2.imwrite(str(folder / "cards" / f"{spec.card_id}_{name}_high.png"), render_card(spec, 8.0))
        fields = ("name", "set_code", "set_name", "number")
        metadata[spec.card_id] = {field: getattr(spec, field) for field in fields}
    (folder / "cards.json").write_text(json.dumps(metadata))


def coarse_cards(count: int, seed: int = 0) -> np.ndarray:
    """Cards of 8 x 6 coloured blocks: quick to make, and all different."""
    blocks = np.random.default_rng(seed).integers(0, 256, (count, 8, 6, 3), dtype=np.uint8)
    return np.ascontiguousarray(blocks.repeat(ROWS // 8, axis=1).repeat(COLUMNS // 6, axis=2))


@pytest.fixture(scope="session")
def references() -> References:
    return References(images=coarse_cards(6), labels=np.array([0, 1, 2, 3, 4, 0]), card_ids=tuple("abcdef"))


@pytest.fixture(scope="session")
def transformer(tmp_path_factory) -> Path:
    """A vision transformer of two small blocks, saved as published ones are."""
    torch.manual_seed(3)
    config = DINOv3ViTConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_register_tokens=1
    )
    folder = tmp_path_factory.mktemp("dino")
    DINOv3ViTModel(config).save_pretrained(folder)
    return folder


def teacher_objective(teacher: Teacher, references: References) -> TeacherObjective:
    """What a teacher of the dimension of `TINY` learns."""
    arcface = ArcFace(2 * references.classes, TINY.dimension, 64.0)
    return TeacherObjective(teacher, arcface, references, Ranks(), margin=0.5, precision="fp32")


@pytest.fixture
def teacher_checkpoint(transformer, references, tmp_path) -> tuple[Path, TeacherObjective]:
    """A teacher of the references, and its checkpoint."""
    taught = teacher_objective(published_teacher(str(transformer), **TEACHER), references)
    state = {
        "settings": taught.describe(),
        "trained": taught.trained.state_dict(),
        "average": taught.teacher.state_dict(),
    }
    save_checkpoint(tmp_path / "teacher.pt", state)
    return tmp_path / "teacher.pt", taught


@pytest.fixture
def student_checkpoint(tmp_path) -> Path:
    """The checkpoint of a student, which has learnt nothing."""
    torch.manual_seed(5)
    path = tmp_path / "student.pt"
    save_checkpoint(
        path, {"settings": {"model": TINY.to_json()}, "trained": {}, "average": CardEmbedder(TINY).state_dict()}
    )
    return path


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
