import numpy as np
import pytest

from edge.errors import ConfigurationError
from tests.training.conftest import TINY
from training.augmentation import AugmentationSettings
from training.cli import main
from training.embedding import ablation
from training.embedding.ablation_table import VariantOutcome, ablation_table
from training.embedding.variants import AUGMENTATION_FAMILIES, variants
from training.evaluation.crops import CONDITIONS
from training.networks.families.shapes import SHAPES


def test_every_disturbance_is_in_one_family():
    named = [name for names in AUGMENTATION_FAMILIES.values() for name in names]
    assert sorted([*named, "clean", "heavy"]) == sorted(AugmentationSettings().to_json())


def test_all_variants_have_folders_of_their_own_and_come_after_what_they_are_compared_with():
    every = variants(with_teacher=True)
    assert len({variant.folder for variant in every}) == len(every)
    names = [variant.name for variant in every]
    assert all(names.index(variant.against) <= place for place, variant in enumerate(every))
    assert [variant.weights is None for variant in variants(with_teacher=False)] == [True] * (len(every) - 9)


def outcome(name, against, recalled, confirmed=None):
    recalled = np.array(recalled, bool)
    return VariantOutcome(
        name=name,
        against=against,
        recalled=recalled,
        confirmed=recalled if confirmed is None else np.array(confirmed, bool),
    )


def test_the_table_compares_the_answers_to_the_same_queries():
    first = [[1, 1, 1, 0], [1, 0, 1, 0]]
    second = [[1, 1, 0, 0], [1, 0, 1, 0]]
    outcomes = [outcome("default", "default", first), outcome("without foil", "default", second)]
    lines = ablation_table(outcomes, ["clean", "foil"]).splitlines()
    assert lines[0] == "| training, % | recall@1 | confirmed | clean | foil |"
    assert lines[2] == "| default | 62.5 ± 23.9 | 62.5 ± 23.9 | 75.0 ± 25.0 | 50.0 ± 28.9 |"
    assert lines[7:] == [
        "| without foil | default | -12.5 ± 12.5 | -12.5 ± 12.5 | -25.0 ± 25.0 | +0.0 ± 0.0 |",
    ]


def test_a_query_may_be_recalled_and_not_confirmed():
    table = ablation_table([outcome("default", "default", [[1, 1]], [[1, 0]])], ["clean"])
    assert table.splitlines()[2] == "| default | 100.0 ± 0.0 | 50.0 ± 50.0 | 50.0 ± 50.0 |"


def test_what_is_far_outside_of_chance_is_bold():
    less = (np.arange(200) % 20 > 0)[None]
    outcomes = [outcome("default", "default", np.ones((1, 200))), outcome("less", "default", less)]
    assert ablation_table(outcomes, ["clean"]).splitlines()[-1] == (
        "| less | default | **-5.0 ± 1.5** | **-5.0 ± 1.5** | **-5.0 ± 1.5** |"
    )


@pytest.fixture
def study(tmp_path, monkeypatch, references):
    """The command of a study of a few variants of a tiny network."""
    cards = ablation.Cards(learnt=references, held_out=references)
    monkeypatch.setattr(ablation, "open_cards", lambda *_: cards)
    monkeypatch.setattr(ablation, "variants", lambda with_teacher: variants(with_teacher=with_teacher)[::16])
    monkeypatch.setattr(ablation, "BATCH_CARDS", 3)
    two = {name: CONDITIONS[name] for name in ("clean", "glare")}
    monkeypatch.setattr("training.evaluation.condition_distances.CONDITIONS", two)
    monkeypatch.setitem(SHAPES, "tiny", TINY)
    options = ["--shape", "tiny", "--runs", str(tmp_path), "--queries", "3", "--workers", "1"]
    return ["ablate", "embedding", "--output", str(tmp_path / "study"), "--steps", "2", *options]


def test_a_study_goes_on_where_it_was_stopped(tmp_path, study, student_checkpoint, capsys):
    command = [*study, "--teacher", str(student_checkpoint)]
    assert main(command) == 0
    folder = tmp_path / "study"
    done = {
        path: path.stat().st_mtime_ns for path in folder.glob("*/*") if path.name in ("checkpoint.pt", "distances.npz")
    }
    assert {path.parent.name for path in done} == {"default", "teacher--all-terms"}
    written = (folder / "ablation.md").read_text()
    assert capsys.readouterr().out == written
    assert written.startswith("| training, % | recall@1 | confirmed | clean | glare |")
    assert np.load(folder / "default" / "distances.npz")["own"].shape == (2, 3)
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert (folder / "ablation.md").read_text() == written


def test_runs_of_another_study_are_not_taken_for_ones_own(study, capsys):
    assert main(study) == 0
    longer = [*study, "--steps", "3"]
    assert main(longer) == ConfigurationError.exit_code
    assert "has 2 steps, not 3; choose another --output" in capsys.readouterr().err
    assert main([*study, "--seed", "1"]) == ConfigurationError.exit_code
    assert "was started with other settings" in capsys.readouterr().err
