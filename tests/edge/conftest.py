"""A small but real model and card database, for tests of what is built on top of them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge.database.build import Gallery, write_bundle
from edge.database.bundle import IndexRow
from edge.embedding.onnx import OnnxEmbedder
from edge.geometry import CORNER_RADIUS_MM, card_homography
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_PX_PER_MM, RECTIFIED_WIDTH, upside_down
from edge.manifests import Calibration, ModelManifest, Preprocessing, file_sha256
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from edge.wire.messages import CardDetails
from tests.calibrations import by_distance

BY_DISTANCE = by_distance()
DIMENSION = 3 * 14 * 10


@dataclass(frozen=True)
class TinyDatabase:
    """Four cards, and a model that compares blurred thumbnails."""

    model: Path
    database: Path
    cards: dict[str, np.ndarray]

    def toml(self) -> str:
        return f'[recognition]\nmodel = "{self.model}"\ndatabase = "{self.database}"\n'


def write_thumbnail_model(path: Path) -> ModelManifest:
    """A model without weights: the mean colour of each 16 x 16 tile, less the card's mean, as a unit vector."""
    nodes = [
        helper.make_node("AveragePool", ["pixels"], ["tiles"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("ReduceMean", ["tiles", "axes"], ["mean"], keepdims=1),
        helper.make_node("Sub", ["tiles", "mean"], ["centred"]),
        helper.make_node("Flatten", ["centred"], ["flat"], axis=1),
        helper.make_node("LpNormalization", ["flat"], ["embedding"], axis=1, p=2),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, 224, 160])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIMENSION])
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    graph = helper.make_graph(nodes, "thumbnail", [pixels], [embedding], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    manifest = ModelManifest(
        model_id="thumbnail",
        file=path.name,
        sha256=file_sha256(path),
        dimension=DIMENSION,
        preprocessing=Preprocessing(width=160, height=224),
    )
    path.with_suffix(".json").write_text(manifest.model_dump_json())
    return manifest


def write_tiny_database(
    folder: Path, model: Path, cards: dict[str, np.ndarray], calibration: Calibration | None = BY_DISTANCE, **prints
) -> None:
    embedder = OnnxEmbedder(model)
    images = [image for card in cards.values() for image in (card, upside_down(card))]
    gallery = Gallery(
        name=folder.name,
        model=embedder.manifest,
        embeddings=embedder.embed(images),
        rows=[IndexRow(card_id=card_id, variant=0, rotation=rotation) for card_id in cards for rotation in (0, 180)],
        metadata={
            card_id: CardDetails(name=f"Card {card_id}", set_code="tiny", set_name="Tiny", number=card_id)
            for card_id in cards
        },
        calibration=calibration,
        **prints,
    )
    write_bundle(folder, gallery)
    embedder.close()


@pytest.fixture(scope="session")
def tiny_database(tmp_path_factory) -> TinyDatabase:
    folder = tmp_path_factory.mktemp("tiny")
    write_thumbnail_model(folder / "thumbnail.onnx")
    specs = [spec for spec in demo_cards() if spec.lookalike_of is None][:4]
    cards = {spec.card_id: cv2.resize(render_card(spec, 8.0), (RECTIFIED_WIDTH, RECTIFIED_HEIGHT)) for spec in specs}
    write_tiny_database(folder / "database", folder / "thumbnail.onnx", cards)
    return TinyDatabase(model=folder / "thumbnail.onnx", database=folder / "database", cards=cards)


@pytest.fixture(scope="session")
def table():
    """Draws a card, with its rounded corners, on a table: uint8 [600, 800, 3]."""
    radius = round(CORNER_RADIUS_MM * RECTIFIED_PX_PER_MM)
    outline = np.zeros((RECTIFIED_HEIGHT, RECTIFIED_WIDTH), np.float32)
    outline[radius:-radius, radius:-radius] = 1
    outline = cv2.dilate(outline, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))

    def draw(card: np.ndarray) -> np.ndarray:
        quad = np.array([[250.0, 90], [520, 100], [510, 480], [240, 470]])
        matrix = np.linalg.inv(card_homography(quad, card.shape[1], card.shape[0]))
        picture = np.full((600, 800, 3), (60, 110, 60), dtype=np.uint8)
        noise = np.random.default_rng(0).integers(-6, 7, picture.shape)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
        share = cv2.warpPerspective(outline, matrix, (800, 600))[..., None]
        return (share * cv2.warpPerspective(card, matrix, (800, 600)) + (1 - share) * picture).astype(np.uint8)

    return draw
