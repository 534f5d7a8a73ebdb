import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.detection.network import OUTPUT_NAMES, RAYS, OutlineProposer
from edge.detection.sides import SideFinder
from training.cli import main
from training.detection.export import export_network
from training.detection.loss import distance_loss, score_loss
from training.detection.model import OutlineNetwork
from training.detection.scenes import small_scenes
from training.detection.trainer import SUBJECTS, DetectionTrainer
from training.engine.checkpoint import save_checkpoint
from training.engine.schedule import Budget
from training.parallel.ranks import Ranks

# onnxscript's exporter meets a deprecation inside torch.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return small_scenes(4, 224, tmp_path_factory.mktemp("scenes"), workers=1)


def test_the_grid_is_an_eighth_of_the_picture():
    score, distances = OutlineNetwork().eval()(torch.zeros(1, 3, 64, 96))
    assert score.shape == (1, 1, 8, 12)
    assert distances.shape == (1, RAYS, 8, 12)
    assert (distances > 0).all()


def test_losses_are_least_at_the_truth():
    score = torch.zeros(1, 4, 4)
    score[0, 1, 2] = 1
    certain = torch.ones(1, 4, 4)
    right, wrong = torch.where(score > 0, 9.0, -9.0), torch.where(score > 0, -9.0, 9.0)
    assert score_loss(right, score, certain) < 0.01 < score_loss(wrong, score, certain)
    assert score_loss(wrong, score, 0 * certain) == 0
    true = torch.full((1, RAYS, 4, 4), 20.0)
    assert distance_loss(true, true, certain) == pytest.approx(0, abs=1e-6)
    assert distance_loss(1.1 * true, true, certain) == pytest.approx(2 * np.log(1.1), rel=1e-4)


def test_scenes_are_rendered_once(tmp_path):
    first = small_scenes(2, 96, tmp_path, workers=1)
    again = small_scenes(2, 96, tmp_path, workers=1)
    assert np.array_equal(first.images, again.images)
    assert np.isfinite(first.quads).any()


@pytest.mark.parametrize("network", ["outline", "sides"])
def test_a_short_run_learns_is_resumed_and_can_be_exported(tmp_path, scenes, network):
    trainer = DetectionTrainer(tmp_path, Ranks(), {"seed": 0, "network": network}, SUBJECTS[network])
    batches = SUBJECTS[network].batches(scenes, 0)
    batches.images = batches.views = 4
    losses = []
    step = trainer._step
    trainer._step = lambda *args: losses.append(step(*args)) or losses[-1]
    trainer.train(batches, Budget(steps=20), workers=0)
    sums = [sum(loss.values()) for loss in losses]
    assert np.mean(sums[-5:]) < np.mean(sums[:5])
    resumed = DetectionTrainer(tmp_path, Ranks(), {"seed": 0, "network": network}, SUBJECTS[network])
    resumed.resume()
    resumed.train(batches, Budget(steps=22), workers=0)
    output = tmp_path / "exported.onnx"
    assert main(["export-detector", "--checkpoint", str(tmp_path / "checkpoint.pt"), "--output", str(output)]) == 0
    card = json.loads(output.with_suffix(".json").read_text())
    assert (card["seed"], card["steps"]) == (0, 22)
    assert card["largest_difference"] < 1e-3
    assert str(Path(__file__).parents[3]).encode() not in output.read_bytes()
    image = np.zeros((200, 160, 3), np.uint8)
    if network == "outline":
        OutlineProposer(output).propose(image, 96, 0.5)
    else:
        SideFinder(output).find(image, [np.array([[40.0, 40], [100, 40], [100, 124], [40, 124]])])


@pytest.mark.parametrize(("resume", "reason"), [(True, "no run to resume"), (False, "a run already")])
def test_a_folder_is_not_mistaken(tmp_path, capsys, resume, reason):
    if not resume:
        (tmp_path / "one").mkdir()
        save_checkpoint(tmp_path / "one" / "checkpoint.pt", {})
    options = ["--resume"] if resume else []
    command = ["detector", "--network", "sides", "--name", "one", "--minutes", "1", "--runs", str(tmp_path)]
    assert main(command + options) != 0
    assert reason in capsys.readouterr().err


def test_an_export_of_nothing_says_so(tmp_path, capsys):
    save_checkpoint(tmp_path / "other.pt", {"average": {}})
    code = main(["export-detector", "--checkpoint", str(tmp_path / "other.pt"), "--output", str(tmp_path / "x.onnx")])
    assert code != 0
    assert "other.pt" in capsys.readouterr().err
    assert not (tmp_path / "x.onnx").exists()


def test_the_exported_outputs_have_their_names(tmp_path):
    export_network(OutlineNetwork().eval(), tmp_path / "o.onnx", {"network": "outline"})
    assert tuple(o.name for o in OutlineProposer(tmp_path / "o.onnx")._session.get_outputs()) == OUTPUT_NAMES
