import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from edge.detection.networks.outline import OutlineProposer
from edge.detection.networks.sides import SideFinder
from tests.training.conftest import stop_after
from training.cli import main
from training.data.batches import BatchShape
from training.detection.command import SCENE_PX
from training.detection.objective import SUBJECTS, DetectorObjective
from training.detection.scenes import small_scenes
from training.engine.checkpoint import FILE, load_checkpoint, save_checkpoint
from training.engine.history import read_history
from training.engine.objective import NETWORK
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.engine.trainer import Trainer

# onnxscript's exporter meets a deprecation inside torch.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs with four scenes."""
    folder = tmp_path_factory.mktemp("runs")
    small_scenes(4, SCENE_PX, folder / "references", workers=1)
    return folder


@pytest.fixture(autouse=True)
def keep_threads():
    """A command sets the number of threads of its own process."""
    torch_threads, opencv_threads = torch.get_num_threads(), cv2.getNumThreads()
    yield
    torch.set_num_threads(torch_threads)
    cv2.setNumThreads(opencv_threads)


def new_trainer(network: str, runs: Path, folder: Path) -> Trainer:
    folder.mkdir(exist_ok=True)
    settings = RunSettings(
        batch=BatchShape(cards=4, views=1, height=224, width=224),
        schedule=Schedule(learning_rate=2e-3),
        budget=Budget(steps=16),
        workers=0,
        log_every_steps=1,
    )
    torch.manual_seed(0)
    subject = SUBJECTS[network]
    batches = subject.batches(small_scenes(4, SCENE_PX, runs / "references"), settings.batch, 0)
    return Trainer(DetectorObjective(network, subject.network(), settings.precision), batches, settings, folder)


@pytest.mark.long
@pytest.mark.parametrize("network", ["outline", "sides"])
def test_the_loss_falls_and_a_stopped_run_is_resumed_exactly(runs, tmp_path, network):
    assert new_trainer(network, runs, tmp_path / "whole").train()
    parts = ("score", "outline") if network == "outline" else ("sides",)
    losses = [sum(entry[part] for part in parts) for entry in read_history(tmp_path / "whole")]
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    stopped = new_trainer(network, runs, tmp_path / "parts")
    stop_after(stopped, 10)
    assert not stopped.train()
    resumed = new_trainer(network, runs, tmp_path / "parts")
    resumed.resume()
    assert resumed.train()
    whole, parts = (load_checkpoint(tmp_path / name / FILE) for name in ("whole", "parts"))
    for kept in ("trained", "average"):
        assert all(torch.equal(value, parts[kept][name]) for name, value in whole[kept].items())


@pytest.mark.parametrize("network", ["outline", "sides"])
def test_a_run_is_resumed_exported_and_begun_with(runs, tmp_path, network):
    def train(name: str, steps: int, *more: str) -> int:
        command = ["detector", "--network", network, "--name", f"{network}-{name}", "--steps", str(steps)]
        return main([*command, "--scenes", "4", "--workers", "0", "--runs", str(runs), *more])

    checkpoint = runs / f"{network}-first" / FILE
    assert train("first", 1) == 0
    assert train("first", 2, "--resume") == 0
    assert train("second", 1, "--weights", str(checkpoint)) == 0
    assert train("second", 2, "--resume") == 0
    output = tmp_path / "exported.onnx"
    assert (
        main(
            ["export-detector", "--checkpoint", str(checkpoint.parents[1] / f"{network}-second" / FILE)]
            + ["--output", str(output)]
        )
        == 0
    )
    card = json.loads(output.with_suffix(".json").read_text())
    assert (card["network"], card["seed"], card["steps"], card["begun_with"]["steps"]) == (network, 0, 2, 2)
    assert card["data"] == "4 simulated scenes of training cards"
    assert card["largest_difference"] < 1e-3
    assert str(Path(__file__).parents[3]).encode() not in output.read_bytes()
    image = np.zeros((200, 160, 3), np.uint8)
    if network == "outline":
        OutlineProposer(output).propose(image, 96, 0.5)
    else:
        SideFinder(output).find(image, [np.array([[40.0, 40], [100, 40], [100, 124], [40, 124]])])


def test_weights_are_those_of_the_other_run(runs, monkeypatch, tmp_path):
    other = DetectorObjective("sides", SUBJECTS["sides"].network(), "bf16")
    run = {"command": "", "settings": {"scenes": 4, "seed": 0}, "processes": 1}
    (tmp_path / "run.json").write_text(json.dumps(run))
    weights = other.trained[NETWORK].state_dict()
    save_checkpoint(tmp_path / FILE, {"settings": other.describe(), "average": weights, "step": 3, "elapsed_s": 60})
    begun = []
    monkeypatch.setattr("training.engine.trainer.Trainer.train", lambda trainer, *_: begun.append(trainer) or True)
    command = ["detector", "--network", "sides", "--name", "begun", "--steps", "1", "--scenes", "4"]
    assert main([*command, "--runs", str(runs), "--weights", str(tmp_path / FILE)]) == 0
    (trainer,) = begun
    for name, value in weights.items():
        assert torch.equal(trainer.objective.trained[NETWORK].state_dict()[name], value)
        assert torch.equal(trainer.average.model.state_dict()[name], value)


@pytest.mark.parametrize(("resume", "reason"), [(True, "no run to resume"), (False, "a run already")])
def test_a_folder_is_not_mistaken(tmp_path, capsys, resume, reason):
    if not resume:
        (tmp_path / "one").mkdir()
        save_checkpoint(tmp_path / "one" / FILE, {})
    options = ["--resume"] if resume else []
    command = ["detector", "--network", "sides", "--name", "one", "--minutes", "1", "--runs", str(tmp_path)]
    assert main(command + options) != 0
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("network", ["outline", "none"])
def test_weights_of_something_else_are_refused(tmp_path, capsys, network):
    (tmp_path / "run.json").write_text(
        json.dumps({"command": "", "settings": {"scenes": 4, "seed": 0}, "processes": 1})
    )
    state = {"settings": {"network": network}, "step": 1, "elapsed_s": 1}
    if network == "outline":
        state["average"] = SUBJECTS[network].network().state_dict()
    save_checkpoint(tmp_path / FILE, state)
    command = ["detector", "--network", "sides", "--name", "x", "--steps", "1", "--runs", str(tmp_path)]
    assert main([*command, "--weights", str(tmp_path / FILE)]) == 1
    reason = "of the network outline, not of sides" if network == "outline" else "not of a run of `card-training det"
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_an_export_of_nothing_says_so(tmp_path, capsys):
    save_checkpoint(tmp_path / "other.pt", {"average": {}})
    code = main(["export-detector", "--checkpoint", str(tmp_path / "other.pt"), "--output", str(tmp_path / "x.onnx")])
    assert code != 0
    assert "other.pt" in capsys.readouterr().err
    assert not (tmp_path / "x.onnx").exists()
