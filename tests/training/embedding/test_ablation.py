from pathlib import Path

from tests.training.conftest import TINY
from training.augmentation import AugmentationSettings
from training.cli import main
from training.embedding import ablation
from training.embedding.ablation import AUGMENTATION_FAMILIES, BATCH_CARDS, table, variants
from training.networks.families.shapes import SHAPES


def test_every_disturbance_is_in_one_family():
    named = [name for names in AUGMENTATION_FAMILIES.values() for name in names]
    assert sorted([*named, "clean", "heavy"]) == sorted(AugmentationSettings().to_json())


def test_all_variants_have_folders_of_their_own():
    every = variants(with_teacher=True)
    assert len({variant.folder for variant in every}) == len(every)
    assert [variant.weights is None for variant in variants(with_teacher=False)] == [True] * (len(every) - 8)
    assert BATCH_CARDS > 0


def test_the_table_shows_the_difference_to_the_first():
    entry = {"recall_at_1": 0.9, "heavy_recall_at_1": 0.8, "true_distance": 0.1}
    rows = [("default", entry), ("without foil", entry | {"heavy_recall_at_1": 0.75})]
    assert table(rows).splitlines()[3] == "| without foil | 90.0% | 75.0% | -5.0 | 0.100 |"


def test_a_study_goes_on_where_it_was_stopped(tmp_path, monkeypatch, references, capsys):
    cards = ablation.Cards(learnt=references, held_out=references)
    monkeypatch.setattr(ablation, "open_cards", lambda *_: cards)
    monkeypatch.setattr(ablation, "variants", lambda with_teacher: variants(with_teacher=with_teacher)[:2])
    monkeypatch.setattr(ablation, "BATCH_CARDS", 3)
    monkeypatch.setitem(SHAPES, "tiny", TINY)
    command = ["ablate", "--output", str(tmp_path), "--steps", "2", "--shape", "tiny", "--runs", str(tmp_path)]
    assert main(command) == 0
    done = {path: path.stat().st_mtime_ns for path in Path(tmp_path).glob("*/checkpoint.pt")}
    assert len(done) == 2
    written = (tmp_path / "ablation.md").read_text()
    assert capsys.readouterr().out == written
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert (tmp_path / "ablation.md").read_text() == written
