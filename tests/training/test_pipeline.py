"""From a folder of card images to a daemon that recognises them, every step by its command, small."""

import json
import time

import cv2
import numpy as np
import pytest
import torch
from transformers import DINOv3ViTConfig, DINOv3ViTModel

from edge.client import Client, Received
from edge.geometry import CORNER_RADIUS_MM, card_homography
from edge.outside.daemon_process import DaemonProcess
from edge.settings.sections import RecognitionSettings
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage
from tests.training.conftest import write_card_folder
from training.cli import main
from training.data.folder_references import folder_references
from training.engine.checkpoint import load_checkpoint
from training.engine.run_folder import how_it_ended
from training.export.student import export_model
from training.networks.families.shapes import SHAPES
from training.networks.model import ModelSettings, student_of

SHAPE = ModelSettings(
    depths=(1, 1, 2, 1), hidden_sizes=(16, 24, 32, 48), dimension=32, map_channels=16, height=96, width=64
)
CARDS = 40
RECIPE = """
cards = 10
views = 2
ema_decay = 0.9
precision = "fp32"
[teacher]
weights = "{weights}"
height = 64
width = 48
dimension = 32
dropout = 0.0
scale = 16
margin = 0.2
[[teacher.phases]]
name = "frozen"
epochs = 2
learning_rate = 1e-2
blocks = 0
[[teacher.phases]]
name = "last-blocks"
epochs = 14
learning_rate = 3e-3
warm_up_epochs = 1
blocks = 2
[student]
shape = "pipeline"
[[student.stages]]
name = "stage1"
epochs = 12
learning_rate = 5e-3
warm_up_epochs = 1
feature = 0.35
kl = 0.25
attention = 0.25
high_frequency = 0.15
[[student.stages]]
name = "stage2"
epochs = 4
learning_rate = 2e-3
classification = 0.3
distillation = 0.7
feature = 0.35
kl = 0.25
attention = 0.25
high_frequency = 0.15
"""

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


@pytest.fixture
def cards(tmp_path):
    """A folder of simulated cards with their metadata."""
    specs = [spec for spec in demo_cards() if spec.lookalike_of is None][:CARDS]
    write_card_folder(tmp_path, specs)
    return specs


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    torch.manual_seed(0)
    config = DINOv3ViTConfig(
        hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, initializer_range=0.15
    )
    DINOv3ViTModel(config).save_pretrained(tmp_path / "dino")
    monkeypatch.setitem(SHAPES, "pipeline", SHAPE)
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.format(weights=tmp_path / "dino"))
    return path


def photo_of(spec):
    """The card on a table, as a camera above it sees it."""
    card = render_card(spec, 8.0)
    height, width = card.shape[:2]
    radius = round(8.0 * CORNER_RADIUS_MM)
    outline = np.zeros((height, width), np.float32)
    outline[radius:-radius, radius:-radius] = 1
    outline = cv2.dilate(outline, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    quad = np.array([[250.0, 90], [520, 100], [510, 480], [240, 470]])
    matrix = np.linalg.inv(card_homography(quad, width, height))
    table = np.random.default_rng(0).normal(150, 4, (600, 800, 3))
    seen = cv2.warpPerspective(card, matrix, (800, 600), flags=cv2.INTER_AREA)
    alpha = cv2.warpPerspective(outline, matrix, (800, 600))[..., None]
    return np.clip(alpha * seen + (1 - alpha) * table, 0, 255).astype(np.uint8)


def run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def cards_seen(source, recognition, wanted, seconds=40):
    """The cards that came first, and those that were confirmed, until all that are wanted have come first."""
    first, confirmed = set(), set()
    deadline = time.monotonic() + seconds
    with DaemonProcess(source, recognition) as daemon, Client(daemon.endpoint) as client:
        while not wanted <= first and time.monotonic() < deadline:
            received = client.receive(0.5)
            if isinstance(received, Received) and isinstance(received.message, CardMessage):
                first.update(match.card_id for match in received.message.matches[:1])
                confirmed.update({received.message.card_id} if received.message.topic is Topic.CONFIRMED else ())
    return first, confirmed


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_from_card_images_to_a_daemon_that_recognises_them(cards, recipe, tmp_path):
    common = ("--cards", tmp_path / "cards", "--metadata", tmp_path / "cards.json", "--runs", tmp_path / "runs")
    run("teacher", "--name", "teacher", "--recipe", recipe, *common)
    teacher = tmp_path / "runs" / "teacher" / "last-blocks" / "checkpoint.pt"
    run("student", "--name", "student", "--recipe", recipe, "--teacher", teacher, *common)
    stages = [tmp_path / "runs" / "student" / stage for stage in ("stage1", "stage2")]
    assert [how_it_ended(stage) for stage in stages] == ["finished", "finished"]
    assert (stages[1] / "curves.png").exists()

    student = student_of(load_checkpoint(stages[1] / "checkpoint.pt"))
    learnt, held_out = folder_references(tmp_path / "cards", tmp_path / "cards.json", tmp_path / "runs" / "references")
    assert len(learnt.labels) + len(held_out.labels) == CARDS
    model = tmp_path / "student.onnx"
    export_model(student, learnt, model, {})

    report = tmp_path / "report"
    run("evaluate", "model", model, *common[:4], "--count", 1, "--workers", 1, "--output", report)
    assert json.loads((report / "report.json").read_text())["model"]["file"] == "student.onnx"
    database = tmp_path / "database"
    run("index", *common[:4], "--model", model, "--output", database)

    shown = tmp_path / "photos"
    shown.mkdir()
    for number in range(6):
        cv2.imwrite(str(shown / f"{number}.png"), photo_of(cards[number % 2]))
    wanted = {card.card_id for card in cards[:2]}
    recognition = RecognitionSettings(model=model, database=database)
    first, confirmed = cards_seen(f"images:{shown}", recognition, wanted)
    assert wanted <= first
    # So few cards say nothing of how often unknown ones would be confirmed: the database is uncalibrated.
    assert confirmed == set()
