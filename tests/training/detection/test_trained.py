import json

import pytest
import torch

from training.detection.objective import SUBJECTS
from training.detection.trained import read_detector
from training.engine.checkpoint import save_checkpoint
from training.engine.run_folder import RUN_FILE
from training.errors import TrainingError

RUN = {"command": "card-training detector --network sides", "processes": 2, "settings": {"scenes": 300, "seed": 4}}


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(3)
    learnt, average = (SUBJECTS["sides"].network().state_dict() for _ in range(2))
    state = {
        "settings": {"network": "sides"},
        "trained": {f"network.{name}": value for name, value in learnt.items()},
        "average": average,
        "step": 70,
        "elapsed_s": 126.0,
    }
    save_checkpoint(tmp_path / "checkpoint.pt", state)
    (tmp_path / RUN_FILE).write_text(json.dumps(RUN))
    return tmp_path / "checkpoint.pt", average


def test_the_averaged_weights_are_read_and_how_they_were_made(checkpoint):
    path, average = checkpoint
    trained = read_detector(path)
    assert all(torch.equal(value, average[name]) for name, value in trained.network.state_dict().items())
    assert trained.description == {
        "command": RUN["command"],
        "network": "sides",
        "data": "300 simulated scenes of training cards",
        "seed": 4,
        "processes": 2,
        "steps": 70,
        "minutes": 2.1,
    }


@pytest.mark.parametrize("damage", ["no run.json", "no seed", "another network"])
def test_a_checkpoint_of_another_run_is_named(checkpoint, damage):
    path, average = checkpoint
    run = path.with_name(RUN_FILE)
    if damage == "no run.json":
        run.unlink()
    elif damage == "no seed":
        run.write_text(json.dumps(RUN | {"settings": {"scenes": 300}}))
    else:
        save_checkpoint(path, {"settings": {"network": "outline"}, "average": average, "step": 1, "elapsed_s": 1.0})
    with pytest.raises(TrainingError, match="are not of a run of `card-training detector`"):
        read_detector(path)
