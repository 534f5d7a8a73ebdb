from dataclasses import replace

import numpy as np
import pytest

from edge.errors import ConfigurationError
from tests.training.conftest import TINY
from training.cli import build_parser, main
from training.data.cards import Cards
from training.distillation import stages
from training.embedding import student
from training.embedding.student import run_settings
from training.engine.checkpoint import load_checkpoint, save_checkpoint
from training.engine.run_folder import how_it_ended
from training.networks.families.shapes import SHAPES
from training.networks.model import ModelSettings, student_of

RECIPE = """
cards = 3
precision = "fp32"
[teacher]
weights = "none"
height = 64
width = 48
dimension = 32
[[teacher.phases]]
name = "frozen"
epochs = 1
learning_rate = 1e-2
blocks = 0
[student]
shape = "wide"
[[student.stages]]
name = "stage1"
epochs = 0.5
learning_rate = 1e-3
feature = 0.5
kl = 0.5
[[student.stages]]
name = "stage2"
epochs = 0.25
learning_rate = 1e-3
classification = 0.5
high_frequency = 0.5
"""


def settings_of(*given):
    args = build_parser("student").parse_args(["student", "--name", "x", "--steps", "5", *given])
    return run_settings(args, ModelSettings(), processes=2)


def test_the_recipe_trains_at_the_size_of_the_model():
    batch = settings_of().batch
    assert (batch.height, batch.width) == (ModelSettings().height, ModelSettings().width)


def test_a_step_has_one_batch_for_each_process_unless_it_is_said():
    assert settings_of().batches_per_step == 2
    assert settings_of("--batches", "6").batches_per_step == 6


def test_a_student_learns_from_another_student(tmp_path, monkeypatch, references, student_checkpoint):
    monkeypatch.setattr(student, "open_cards", lambda *_, **__: Cards(learnt=references, held_out=references))
    monkeypatch.setitem(SHAPES, "wide", ModelSettings(**TINY.to_json() | {"width": 64, "dimension": 12}))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    command = ["student", "--name", "s", "--recipe", str(recipe), "--runs", str(tmp_path)]
    assert main([*command, "--teacher", str(student_checkpoint)]) == 0
    stages = [tmp_path / "s" / name for name in ("stage1", "stage2")]
    assert [how_it_ended(stage) for stage in stages] == ["finished", "finished"]
    learnt = student_of(load_checkpoint(stages[1] / "checkpoint.pt")).settings
    assert (learnt.width, learnt.dimension) == (64, TINY.dimension)


def test_a_student_starts_as_its_teacher_made_over(tmp_path, monkeypatch, references, student_checkpoint):
    monkeypatch.setattr(student, "open_cards", lambda *_, **__: Cards(learnt=references, held_out=references))
    monkeypatch.setattr(stages, "_PICTURES", 64)
    monkeypatch.setitem(SHAPES, "made", ModelSettings(**TINY.to_json() | {"family": "convnext-batchnorm"}))
    recipe = tmp_path / "recipe.toml"
    stage = RECIPE[RECIPE.index("[[student.stages]]") : RECIPE.index('name = "stage2"')].rpartition("[[")[0]
    recipe.write_text(
        'cards = 3\nhard_negatives = 2\nprecision = "fp32"\n[student]\nshape = "made"\nfrom_teacher = true\n'
        + stage
        + "contrastive = 0.5\n"
    )
    command = ["student", "--name", "s", "--recipe", str(recipe), "--runs", str(tmp_path)]
    assert main([*command, "--teacher", str(student_checkpoint)]) == 0
    learnt = student_of(load_checkpoint(tmp_path / "s" / "stage1" / "checkpoint.pt")).settings
    assert (learnt.family, learnt.dimension) == ("convnext-batchnorm", TINY.dimension)
    again = ["student", "--name", "again", "--recipe", str(recipe), "--runs", str(tmp_path)]
    assert main([*again, "--teacher", str(tmp_path / "s" / "stage1" / "checkpoint.pt")]) == 0
    recipe.write_text(recipe.read_text().replace('"made"', '"demo-small"'))
    assert main([*command, "--teacher", str(student_checkpoint), "--resume"]) == ConfigurationError.exit_code


@pytest.fixture
def finished(tmp_path, monkeypatch, references, student_checkpoint):
    """The command that goes on with a student whose two stages are finished."""
    monkeypatch.setattr(student, "open_cards", lambda *_, **__: Cards(learnt=references, held_out=references))
    monkeypatch.setitem(SHAPES, "wide", ModelSettings(**TINY.to_json() | {"width": 64, "dimension": 12}))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    command = ["student", "--name", "s", "--recipe", str(tmp_path / "recipe.toml"), "--runs", str(tmp_path)]
    command += ["--teacher", str(student_checkpoint)]
    assert main(command) == 0
    return [*command, "--resume"]


def test_finished_stages_are_left_as_they_are(finished, tmp_path):
    written = [path.stat().st_mtime_ns for path in tmp_path.glob("s/*/checkpoint.pt")]
    assert main(finished) == 0
    assert [path.stat().st_mtime_ns for path in tmp_path.glob("s/*/checkpoint.pt")] == written


def test_a_finished_stage_of_other_cards_is_not_taken(finished, monkeypatch, references, capsys):
    others = replace(references, labels=np.array([1, 0, 2, 3, 4, 1]))
    monkeypatch.setattr(student, "open_cards", lambda *_, **__: Cards(learnt=others, held_out=others))
    assert main(finished) == ConfigurationError.exit_code
    assert "was started with other images of cards, or labels of them" in capsys.readouterr().err


def test_a_finished_stage_of_other_settings_is_not_taken(finished, tmp_path, capsys):
    (tmp_path / "recipe.toml").write_text(RECIPE.replace("feature = 0.5", "feature = 0.4"))
    assert main(finished) == ConfigurationError.exit_code
    assert "was started with other settings" in capsys.readouterr().err


def test_a_stage_of_another_teacher_is_not_taken(finished, tmp_path, capsys):
    other = tmp_path / "student.pt"
    state = load_checkpoint(other)
    state["average"]["mean"] += 1
    save_checkpoint(other, state)
    assert main(finished) == ConfigurationError.exit_code
    assert "was started with other settings" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "say how long to train"),
        (["--steps", "5", "--teacher", "a.pt"], "name a --recipe too"),
        (["--recipe", "distillation"], "needs --teacher, a checkpoint of card-training teacher or student"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options, complaint, capsys):
    assert main(["student", "--name", "x", *options]) == ConfigurationError.exit_code
    assert complaint in capsys.readouterr().err
