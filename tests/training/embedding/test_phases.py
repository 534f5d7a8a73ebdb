import json

import pytest

from training.embedding import phases
from training.embedding.phases import carry_out_phases, steps_of
from training.embedding.recipes import read_recipe
from training.engine.run_folder import RUN_FILE
from training.engine.runs import Run
from training.networks.lineage import BEGUN_WITH
from training.parallel.ranks import Ranks


@pytest.fixture
def carried_out(monkeypatch):
    """What was carried out: name of the run's folder, whether resumed, what it began with; "stopped" is stopped."""
    done = []

    def carry_out(run, ranks, *, resume, previous):
        done.append((run.folder.name, resume, previous and previous.parent.name))
        assert run.description.get(BEGUN_WITH) == (previous and f"of {previous.parent.name}")
        return run.folder.name != "stopped"

    monkeypatch.setattr(phases, "carry_out", carry_out)
    monkeypatch.setattr(phases, "lineage_of", lambda checkpoint: f"of {checkpoint.parent.name}")
    return done


def run(folder, name, *, ended=None, begun=False):
    path = folder / name
    path.mkdir()
    if ended is not None:
        (path / RUN_FILE).write_text(json.dumps({"ended": ended, "settings": {"seed": 0}}))
    if begun:
        (path / "checkpoint.pt").touch()
    return Run(folder=path, description={"settings": {"seed": 0}}, settings=None, objective=None, batches=None)


def test_each_run_begins_with_what_the_one_before_it_left(tmp_path, carried_out):
    runs = [run(tmp_path, name) for name in ("first", "second", "third")]
    assert carry_out_phases(runs, Ranks(), resume=False) == tmp_path / "third" / "checkpoint.pt"
    assert carried_out == [("first", False, None), ("second", False, "first"), ("third", False, "second")]


def test_nothing_follows_a_run_that_was_stopped(tmp_path, carried_out):
    assert carry_out_phases([run(tmp_path, "stopped"), run(tmp_path, "second")], Ranks(), resume=False) is None
    assert [name for name, *_ in carried_out] == ["stopped"]


def test_resuming_leaves_out_what_is_finished_and_goes_on_where_it_was_stopped(tmp_path, carried_out):
    runs = [
        run(tmp_path, "first", ended="finished", begun=True),
        run(tmp_path, "second", ended="stopped", begun=True),
        run(tmp_path, "third"),
    ]
    carry_out_phases(runs, Ranks(), resume=True)
    assert carried_out == [("second", True, "first"), ("third", False, "second")]


def test_a_run_that_is_not_resumed_begins_anew_although_one_is_finished(tmp_path, carried_out):
    carry_out_phases([run(tmp_path, "first", ended="finished", begun=True)], Ranks(), resume=False)
    assert carried_out == [("first", False, None)]


@pytest.mark.parametrize(("batches_per_step", "steps"), [(1, 469), (2, 235)])
def test_an_epoch_shows_each_card_either_way_up(batches_per_step, steps):
    recipe = read_recipe("distillation")
    phase = recipe.student.stages[0].model_copy(update={"epochs": 3})
    assert recipe.cards == 64
    assert steps_of(phase, recipe, 5000, batches_per_step) == steps
