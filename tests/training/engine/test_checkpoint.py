import pytest
import torch

from training.engine.checkpoint import load_checkpoint, save_checkpoint
from training.errors import TrainingError


def test_what_was_saved_is_loaded(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 3, "weights": torch.arange(4)})
    state = load_checkpoint(path)
    assert state["step"] == 3
    assert torch.equal(state["weights"], torch.arange(4))
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_the_old_checkpoint_survives_a_failed_save(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 3})
    with pytest.raises(Exception, match="pickle"):
        save_checkpoint(path, {"step": (number for number in range(3))})
    assert load_checkpoint(path)["step"] == 3


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt"):
        load_checkpoint(path)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"weights": torch.zeros(1000)})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(TrainingError, match="damaged"):
        load_checkpoint(path)


def test_another_format_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save({"format": 99}, path)
    with pytest.raises(TrainingError, match="version"):
        load_checkpoint(path)


def test_a_folder_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(TrainingError, match="cannot write the checkpoint"):
        save_checkpoint(tmp_path / "missing" / "checkpoint.pt", {"step": 0})
