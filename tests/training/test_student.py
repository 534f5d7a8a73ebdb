import pytest

from edge.errors import ConfigurationError
from training.cli import build_parser
from training.student import prepare_folder, run_settings

DESCRIPTION = {"cards": 10, "processes": 1, "settings": {"seed": 0, "budget": {"steps": 5}}, "command": "first"}


def test_a_new_run_gets_its_folder_and_description(tmp_path):
    prepare_folder(tmp_path / "runs" / "new", DESCRIPTION, resume=False)
    assert '"cards": 10' in (tmp_path / "runs" / "new" / "run.json").read_text()


def test_a_run_is_not_overwritten(tmp_path):
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(ConfigurationError, match="holds a run already"):
        prepare_folder(tmp_path, DESCRIPTION, resume=False)


def test_the_same_run_can_be_resumed_by_another_command_line(tmp_path):
    prepare_folder(tmp_path, DESCRIPTION, resume=False)
    prepare_folder(tmp_path, DESCRIPTION | {"command": "second"}, resume=True)


def test_a_resumed_run_may_be_made_longer(tmp_path):
    prepare_folder(tmp_path, DESCRIPTION, resume=False)
    prepare_folder(tmp_path, DESCRIPTION | {"settings": {"seed": 0, "budget": {"steps": 9}}}, resume=True)
    assert '"steps": 9' in (tmp_path / "run.json").read_text()


def test_a_run_is_not_resumed_with_other_settings(tmp_path):
    prepare_folder(tmp_path, DESCRIPTION, resume=False)
    with pytest.raises(ConfigurationError, match="other cards"):
        prepare_folder(tmp_path, DESCRIPTION | {"cards": 11}, resume=True)


def test_resume_without_a_run_says_so(tmp_path):
    with pytest.raises(ConfigurationError, match="no run to resume"):
        prepare_folder(tmp_path, DESCRIPTION, resume=True)


def test_the_recipe_trains_at_the_size_of_the_model():
    settings = run_settings(build_parser("student").parse_args(["student", "--name", "x", "--steps", "5"]))
    assert (settings.batch.height, settings.batch.width) == (settings.model.height, settings.model.width)
