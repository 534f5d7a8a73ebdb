"""What the contract tests share: the stand-ins, and a small real model with a card database of golden crops."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.database.build import Gallery, write_bundle
from edge.database.bundle import GoldenCrop, IndexRow
from edge.embedding.onnx import OnnxEmbedder
from edge.manifests import file_sha256
from edge.settings.sections import RecognitionSettings
from edge.wire.messages import CardDetails
from tests.edge.conftest import tiny_database, write_thumbnail_model
from tests.hardware import hailo_stand_in, picamera_stand_in


@dataclass
class NpuBench:
    """A simulated Hailo, and a model compiled for it with its float model, database and golden crops."""

    device: hailo_stand_in.Device
    hef: Path
    onnx: Path
    database: Path
    cards: list[np.ndarray]

    def settings(self, **changes: object) -> RecognitionSettings:
        return RecognitionSettings(model=self.hef, database=self.database, **changes)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> Path:
    """A folder with thumbnail.onnx, thumbnail.hef and their manifests, and a database with golden crops."""
    folder = tmp_path_factory.mktemp("compiled")
    manifest = write_thumbnail_model(folder / "thumbnail.onnx")
    hef = folder / "model.hef"
    hef.write_bytes(b"\x01HEF, not a real one")
    compiled = manifest.model_copy(
        update={"file": hef.name, "sha256": file_sha256(hef), "float_sha256": manifest.sha256}
    )
    hef.with_suffix(".json").write_text(compiled.model_dump_json())
    embedder = OnnxEmbedder(folder / "thumbnail.onnx")
    rng = np.random.default_rng(5)
    cards = [cv2.resize(rng.integers(0, 256, (11, 8, 3), np.uint8), (160, 224)) for _ in range(8)]
    embeddings = embedder.embed(cards)
    names = [f"t-{number}" for number in range(8)]
    gallery = Gallery(
        name="compiled",
        model=embedder.manifest,
        embeddings=embeddings,
        rows=[IndexRow(card_id=name, variant=0, rotation=0) for name in names],
        metadata={name: CardDetails(name=name, set_code="t", set_name="T", number=name) for name in names},
        golden=tuple(
            GoldenCrop(file=f"golden/{number}.png", embedding=tuple(row.tolist()))
            for number, row in enumerate(embeddings)
        ),
        references={f"golden/{n}.png": cv2.imencode(".png", card)[1].tobytes() for n, card in enumerate(cards)},
    )
    write_bundle(folder / "database", gallery)
    return folder


@pytest.fixture(params=["4.20.0", "4.23.0"])
def hailo_version(request) -> str:
    return request.param


@pytest.fixture
def npu(compiled, tmp_path, monkeypatch, hailo_version) -> NpuBench:
    for name in ("thumbnail.onnx", "thumbnail.json", "model.hef", "model.json"):
        shutil.copy(compiled / name, tmp_path)
    float_model = OnnxEmbedder(tmp_path / "thumbnail.onnx")

    def compute(pixels: np.ndarray) -> np.ndarray:
        """The float model, rounded to steps of an 8-bit output; not of length 1, as an accelerator leaves it."""
        assert pixels.dtype == np.uint8
        (embedding,) = float_model.run(pixels.transpose(2, 0, 1)[None].astype(np.float32))
        return 3 * np.round(embedding * 400) / 400

    device = hailo_stand_in.Device(compute=compute)
    monkeypatch.setitem(sys.modules, "hailo_platform", hailo_stand_in.stand_in(device, hailo_version))
    cards = [cv2.imread(str(compiled / "database" / f"golden/{n}.png")) for n in range(8)]
    yield NpuBench(device, tmp_path / "model.hef", tmp_path / "thumbnail.onnx", compiled / "database", cards)
    for thread in device.callbacks:
        thread.join(5)


@pytest.fixture
def camera_bench(monkeypatch):
    """A simulated camera stack in place of picamera2, and its clock."""
    bench = picamera_stand_in.Bench()
    for name, module in picamera_stand_in.stand_in(bench).items():
        monkeypatch.setitem(sys.modules, name, module)
    return bench


__all__ = ["tiny_database"]
