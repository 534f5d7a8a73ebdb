import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.errors import ConfigurationError
from edge.manifests import file_sha256
from tests.training.conftest import TINY, coarse_cards
from training.cli import build_parser, main
from training.data.cards import Cards
from training.data.references import References
from training.distillation import stages
from training.embedding import student, teach
from training.embedding.alone import run_settings
from training.embedding.retrieval import torch_embedding
from training.engine.checkpoint import load_checkpoint, save_checkpoint
from training.engine.history import read_history
from training.engine.run_folder import how_it_ended
from training.errors import TrainingError
from training.export.student import export_model
from training.networks.exported import open_student
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


ALONE = """
cards = 3
precision = "fp32"
workers = 0
checkpoint_every_steps = 2
log_every_steps = 1
[augmentation]
hue = 0.0
[student.alone]
steps = 4
learning_rate = 1e-3
"""


@pytest.fixture
def exported(tmp_path, student_checkpoint) -> Path:
    """The ONNX file of a student."""
    model = student_of(load_checkpoint(student_checkpoint))
    for value in model.parameters():  # equal weights would be one in the file
        value.data = value.data + 0.1 * torch.rand_like(value)
    cards = References(images=coarse_cards(15), labels=np.arange(15), card_ids=tuple("abcdefghijklmno"))
    export_model(model, cards, tmp_path / "model.onnx", {"training": "by hand"})
    return tmp_path / "model.onnx"


@pytest.mark.parametrize("weights", ["checkpoint", "onnx"])
@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")
def test_a_student_goes_on_from_another(request, tmp_path, monkeypatch, references, weights):
    file = request.getfixturevalue("student_checkpoint" if weights == "checkpoint" else "exported")
    monkeypatch.setattr(student, "open_cards", lambda *_, **__: Cards(learnt=references, held_out=references))
    command = ["student", "--name", "s", "--runs", str(tmp_path), "--learning-rate", "1e-12", "--steps", "2"]
    assert main([*command, "--weights", str(file)]) == 0
    begun, ended = open_student(file), open_student(tmp_path / "s" / "checkpoint.pt")
    assert ended.settings == TINY
    crops = [np.asarray(image) for image in references.images]
    cosines = (torch_embedding(begun, 32, 64)(crops) * torch_embedding(ended, 32, 64)(crops)).sum(axis=1)
    assert cosines.min() > 0.8
    run = json.loads((tmp_path / "s" / "run.json").read_text())
    assert run["begun_with"]["sha256"] == file_sha256(file)
    assert run["begun_with"].get("training") == (None if weights == "checkpoint" else "by hand")
    assert load_checkpoint(tmp_path / "s" / "checkpoint.pt")["trained"]["arcface.imprinted"]
    assert main([*command, "--weights", str(file), "--shape", "demo"]) == TrainingError.exit_code


def test_a_recipe_without_a_teacher(tmp_path, monkeypatch, references, student_checkpoint, capsys):
    monkeypatch.setattr(student, "open_cards", lambda *_, **__: Cards(learnt=references, held_out=references))
    (tmp_path / "recipe.toml").write_text(ALONE)
    command = ["student", "--name", "s", "--recipe", str(tmp_path / "recipe.toml"), "--runs", str(tmp_path)]
    assert main([*command, "--weights", str(student_checkpoint)]) == 0
    run = json.loads((tmp_path / "s" / "run.json").read_text())
    assert (run["ended"], run["settings"]["augmentation"]["hue"], run["settings"]["workers"]) == ("finished", 0, 0)
    history = read_history(tmp_path / "s")
    assert [entry["step"] for entry in history if "recall_at_1" in entry] == [2, 4]
    assert [entry["step"] for entry in history if "contrastive" in entry] == [1, 2, 3, 4]
    assert main([*command, "--teacher", str(student_checkpoint)]) == ConfigurationError.exit_code
    assert "learns without --teacher" in capsys.readouterr().err


def test_a_second_stage_says_what_it_began_with(finished, tmp_path):
    first, second = (json.loads((tmp_path / "s" / name / "run.json").read_text()) for name in ("stage1", "stage2"))
    assert second["begun_with"]["sha256"] == file_sha256(tmp_path / "s" / "stage1" / "checkpoint.pt")
    assert second["begun_with"]["taught_by"] == first["taught_by"] == second["taught_by"]
    assert second["begun_with"]["steps"] == load_checkpoint(tmp_path / "s" / "stage1" / "checkpoint.pt")["step"]
    assert "begun_with" not in first


@pytest.mark.parametrize("command", ["student", "teacher"])
def test_weights_that_cannot_be_had_are_named_before_a_card_is_opened(command, tmp_path, monkeypatch, capsys):
    for module in (student, teach):
        monkeypatch.setattr(module, "open_cards", lambda *_, **__: pytest.fail("opened the cards"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.replace('weights = "none"', 'weights = "nobody/nothing"'))
    options = ["--recipe", str(recipe)] if command == "teacher" else ["--steps", "1", "--weights", "nobody/nothing"]
    assert main([command, "--name", "x", "--runs", str(tmp_path), *options]) == TrainingError.exit_code
    assert "cannot load the weights 'nobody/nothing'" in capsys.readouterr().err


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
