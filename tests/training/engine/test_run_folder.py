import json
import multiprocessing
import shutil

import pytest

from edge.errors import ConfigurationError
from training.engine.history import append_history
from training.engine.run_folder import RUNNING, RunFolder, check_space, how_it_ended
from training.errors import TrainingError

DESCRIPTION = {
    "cards": "images",
    "card_labels": "0123",
    "settings": {"seed": 0, "budget": {"steps": 5}},
    "command": "first",
}


def carried_out(path, description=DESCRIPTION, *, resume=False, finished=True):
    with RunFolder(path, description, resume=resume) as folder:
        folder.end(finished=finished)


def described(path):
    return json.loads((path / "run.json").read_text())


def test_a_new_run_gets_its_folder_and_description(tmp_path):
    with RunFolder(tmp_path / "runs" / "new", DESCRIPTION, resume=False):
        assert described(tmp_path / "runs" / "new")["cards"] == "images"
        assert how_it_ended(tmp_path / "runs" / "new") == RUNNING


def test_a_run_is_not_overwritten(tmp_path):
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(ConfigurationError, match="holds a run already"):
        carried_out(tmp_path)


def test_the_same_run_can_be_resumed_by_another_command_line(tmp_path):
    carried_out(tmp_path)
    carried_out(tmp_path, DESCRIPTION | {"command": "second"}, resume=True)
    assert described(tmp_path)["command"] == "second"


def test_a_resumed_run_may_be_made_longer(tmp_path):
    carried_out(tmp_path)
    carried_out(tmp_path, DESCRIPTION | {"settings": {"seed": 0, "budget": {"steps": 9}}}, resume=True)
    assert described(tmp_path)["settings"]["budget"] == {"steps": 9}


def test_a_resumed_run_keeps_what_only_its_start_knew(tmp_path):
    carried_out(tmp_path, DESCRIPTION | {"begun_with": "others"})
    carried_out(tmp_path, resume=True)
    assert described(tmp_path)["begun_with"] == "others"


def test_the_processes_that_make_batches_may_be_others(tmp_path):
    carried_out(tmp_path, DESCRIPTION | {"settings": {"seed": 0, "workers": 1}})
    carried_out(tmp_path, DESCRIPTION | {"settings": {"seed": 0, "workers": 4}}, resume=True)
    assert described(tmp_path)["settings"]["workers"] == 4


def test_a_run_is_not_resumed_with_other_cards(tmp_path):
    carried_out(tmp_path)
    with pytest.raises(ConfigurationError, match="other images of cards"):
        carried_out(tmp_path, DESCRIPTION | {"card_labels": "4567"}, resume=True)


def test_a_path_that_names_the_same_cards_otherwise_is_the_same_run(tmp_path):
    carried_out(tmp_path)
    carried_out(tmp_path, DESCRIPTION | {"cards": "../here/images"}, resume=True)
    assert described(tmp_path)["cards"] == "../here/images"


def test_resume_without_a_run_says_so(tmp_path):
    with pytest.raises(ConfigurationError, match="no run to resume"):
        carried_out(tmp_path, resume=True)


@pytest.mark.parametrize(("finished", "said"), [(True, "finished"), (False, "stopped")])
def test_the_folder_says_how_the_run_ended(tmp_path, finished, said):
    carried_out(tmp_path, finished=finished)
    assert how_it_ended(tmp_path) == said
    assert how_it_ended(tmp_path / "none") == ""


def test_a_failed_run_says_why_and_what_was_tried(tmp_path):
    with pytest.raises(TrainingError), RunFolder(tmp_path, DESCRIPTION, resume=False):
        append_history(tmp_path, {"step": 3, "retry": 1, "reason": "out of memory"})
        raise TrainingError("the loss is not finite")
    assert how_it_ended(tmp_path) == "failed: the loss is not finite"
    assert described(tmp_path)["retries"] == [{"step": 3, "retry": 1, "reason": "out of memory"}]


def hold(path, held, done):
    with RunFolder(path, DESCRIPTION, resume=False):
        held.set()
        done.wait(20)


def test_two_processes_cannot_train_in_one_folder(tmp_path):
    context = multiprocessing.get_context("fork")
    held, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, held, done))
    other.start()
    assert held.wait(20)
    with pytest.raises(ConfigurationError, match="another process trains in"):
        carried_out(tmp_path)
    other.kill()
    other.join()
    carried_out(tmp_path)


def test_a_disk_without_room_is_noticed_before_the_run(tmp_path):
    check_space(tmp_path, 1)
    with pytest.raises(TrainingError, match="MB free; the run's checkpoints take"):
        check_space(tmp_path, shutil.disk_usage(tmp_path).free)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="cannot write into the run's folder"):
        carried_out(tmp_path / "file" / "run")
