import argparse
import json
import logging
from contextlib import nullcontext
from pathlib import Path

import cv2
import pytest
import torch

from edge.errors import ConfigurationError
from tests.training.engine.test_trainer import Dropping, card_batches, run_settings
from training.engine import runs
from training.engine.callbacks import Callback
from training.engine.checkpoint import BEST_FILE, FILE, load_checkpoint
from training.engine.history import VALIDATION, read_history
from training.engine.run_folder import RUN_FILE, how_it_ended
from training.engine.runs import Run, carry_out, describe_run, started
from training.engine.schedule import Budget
from training.errors import TrainingError
from training.parallel.ranks import Ranks


@pytest.fixture(autouse=True)
def _no_tracking(monkeypatch):
    """MLflow's database takes seconds; it has tests of its own."""
    monkeypatch.setattr(runs, "tracked", lambda _folder, _description: nullcontext(Callback()))


def a_run(folder: Path, references, measure=None, objective=lambda _previous: Dropping(), **changes) -> Run:
    settings = run_settings(**changes)
    return Run(
        folder=folder,
        description={"command": "card-training test", "settings": {"seed": settings.seed}},
        settings=settings,
        objective=objective,
        batches=lambda _device: card_batches(settings, references),
        measure=measure,
    )


def scores(*values: float):
    """A measure that finds one of these after the other."""
    left = list(values)
    return lambda _model: {VALIDATION: left.pop(0)}


def test_a_run_leaves_its_checkpoint_its_history_and_how_it_ended(references, tmp_path):
    previous = tmp_path / "earlier.pt"
    given = []

    def objective(begun_with):
        given.append(begun_with)
        return Dropping()

    folder = tmp_path / "run"
    assert carry_out(a_run(folder, references, objective=objective), Ranks(), resume=False, previous=previous)
    assert given == [previous]
    assert load_checkpoint(folder / FILE)["step"] == 4
    assert how_it_ended(folder) == "finished"
    assert json.loads((folder / RUN_FILE).read_text())["command"] == "card-training test"
    assert (folder / "curves.png").exists()


def test_weights_are_drawn_from_the_seed_of_the_run(references, tmp_path):
    drawn = []

    def objective(_previous):
        drawn.append(torch.rand(3))
        return Dropping()

    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        torch.rand(1)
        run = a_run(tmp_path / name, references, objective=objective, seed=seed, budget=Budget(steps=1))
        carry_out(run, Ranks(), resume=False)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_a_run_goes_on_where_it_ended_and_never_begins_twice(references, tmp_path):
    folder = tmp_path / "run"
    carry_out(a_run(folder, references, budget=Budget(steps=2)), Ranks(), resume=False)
    with pytest.raises(ConfigurationError, match="holds a run already"):
        carry_out(a_run(folder, references), Ranks(), resume=False)
    assert carry_out(a_run(folder, references, budget=Budget(steps=5)), Ranks(), resume=True)
    steps = [entry["step"] for entry in read_history(folder) if "images_per_s" in entry]
    assert steps == [1, 2, 3, 4, 5]
    with pytest.raises(ConfigurationError, match="there is no run to resume"):
        carry_out(a_run(tmp_path / "none", references), Ranks(), resume=True)


def test_a_run_that_fails_says_so_and_lets_go_of_its_folder(references, tmp_path):
    def broken(_previous):
        raise TrainingError("no such weights")

    with pytest.raises(TrainingError, match="no such weights"):
        carry_out(a_run(tmp_path / "run", references, objective=broken), Ranks(), resume=False)
    assert how_it_ended(tmp_path / "run") == "failed: no such weights"
    assert carry_out(a_run(tmp_path / "run", references, budget=Budget(steps=1)), Ranks(), resume=False)


def test_the_best_is_kept_also_where_the_run_ends_for_want_of_a_better_one(references, tmp_path):
    folder = tmp_path / "run"
    run = a_run(
        folder,
        references,
        scores(0.5, 0.7, 0.6, 0.65, 0.9),
        budget=Budget(steps=50),
        checkpoint_every_steps=1,
        patience=2,
    )
    assert carry_out(run, Ranks(), resume=False)
    assert load_checkpoint(folder / FILE)["step"] == 4
    assert load_checkpoint(folder / BEST_FILE)["step"] == 2


def test_without_patience_no_measurement_ends_a_run(references, tmp_path):
    run = a_run(tmp_path / "run", references, scores(0.9, 0.1, 0.1, 0.1), checkpoint_every_steps=1)
    assert carry_out(run, Ranks(), resume=False)
    assert load_checkpoint(tmp_path / "run" / FILE)["step"] == 4
    assert load_checkpoint(tmp_path / "run" / BEST_FILE)["step"] == 1


def test_what_is_logged_is_shown_while_a_run_lasts_and_no_longer(capsys):
    threads, level, handlers = torch.get_num_threads(), logging.getLogger().level, logging.getLogger().handlers[:]
    try:
        with pytest.raises(TrainingError), started(argparse.Namespace(threads=1)) as ranks:
            assert (ranks.rank, ranks.size, torch.get_num_threads()) == (0, 1, 1)
            logging.getLogger("training.somewhere").info("half way")
            raise TrainingError("ended")
    finally:
        torch.set_num_threads(threads)
    logging.getLogger("training.somewhere").warning("afterwards")
    said = capsys.readouterr().err
    assert "half way" in said
    assert "afterwards" not in said
    assert (logging.getLogger().level, logging.getLogger().handlers) == (level, handlers)


def test_a_description_says_what_was_called_with_what(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/card-training", "student", "--name", "my run"])
    said = describe_run(argparse.Namespace(threads=3), Ranks(), run_settings(seed=9), scenes=7)
    assert said["command"] == "card-training student --name 'my run'"
    assert (said["processes"], said["device"], said["threads"]) == (1, "cpu", 3)
    assert (said["settings"]["seed"], said["settings"]["scenes"]) == (9, 7)
    assert said["settings"]["batch"]["cards"] == 4
    assert said["versions"]["opencv"] == cv2.__version__
    assert json.loads(json.dumps(said)) == said
