import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.database import build
from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.search import CardDatabase
from edge.errors import DatabaseError

OLD = made_up_gallery(random_unit_vectors(np.random.default_rng(0), 8, 16))
NEW = made_up_gallery(random_unit_vectors(np.random.default_rng(1), 12, 16))
REPOSITORY = Path(__file__).parents[3]


def cards_in(folder: Path) -> int:
    return CardDatabase.open(folder, OLD.model).manifest.cards


def test_a_bundle_is_replaced_and_nothing_else_is_left(tmp_path: Path):
    for gallery, cards in ((OLD, 4), (NEW, 6)):
        manifest = write_bundle(tmp_path / "bundle", gallery)
        assert manifest.cards == cards_in(tmp_path / "bundle") == cards
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_an_open_database_survives_its_replacement(tmp_path: Path):
    write_bundle(tmp_path / "bundle", OLD)
    former = CardDatabase.open(tmp_path / "bundle", OLD.model)
    write_bundle(tmp_path / "bundle", NEW)
    assert former.search(OLD.embeddings[:1], 1)[0][0].distance < 1e-5
    assert cards_in(tmp_path / "bundle") == 6


def test_the_same_gallery_gives_the_same_bytes(tmp_path: Path):
    first = write_bundle(tmp_path / "first", NEW)
    second = write_bundle(tmp_path / "second", NEW)
    assert first.files == second.files


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
@pytest.mark.parametrize("action", ["rebuild", "rebuild-without-exchange"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_bundle_and_the_next_build_no_litter(tmp_path, action, every):
    write_bundle(tmp_path / "start" / "bundle", OLD)
    command = [sys.executable, "-m", "tests.edge.database.killed", str(every), action, tmp_path / "start"]
    done = subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) > 100 / every
    left = [int(line[1]) for line in lines]
    assert left == sorted(left)
    assert set(left) == {4, 6}
    assert {line[2] for line in lines} == {"6"}
    assert all(len(line) == 3 for line in lines if line[1] == "4")


def test_the_litter_of_killed_builds_goes_but_not_what_another_is_building(tmp_path: Path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for process in (ended.pid, os.getpid(), os.getppid()):
        (tmp_path / f".bundle.{process}.building").mkdir()
    (tmp_path / ".other.1.building").mkdir()
    write_bundle(tmp_path / "bundle", OLD)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"bundle", ".other.1.building", f".bundle.{os.getppid()}.building"}


def test_a_link_to_a_bundle_stays_a_link(tmp_path: Path):
    write_bundle(tmp_path / "disk" / "bundle", OLD)
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "bundle")
    write_bundle(tmp_path / "link", NEW)
    assert (tmp_path / "link").readlink() == tmp_path / "disk" / "bundle"
    assert cards_in(tmp_path / "disk" / "bundle") == 6
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["bundle"]


def test_links_in_a_circle_are_one_sentence(tmp_path: Path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(DatabaseError, match="cannot write the card database"):
        write_bundle(tmp_path / "a", OLD)


@pytest.mark.parametrize("name", ["quantised", "sync", "put_in_place"])
def test_a_failing_disk_leaves_the_old_bundle_alone(tmp_path: Path, monkeypatch, name: str):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write_bundle(tmp_path / "bundle", OLD)
    monkeypatch.setattr(build, name, full)
    with pytest.raises(DatabaseError, match="bundle: No space left on device"):
        write_bundle(tmp_path / "bundle", NEW)
    assert cards_in(tmp_path / "bundle") == 4
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseError, match="cannot write the card database"):
        write_bundle(tmp_path / "file" / "bundle", OLD)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_named(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(DatabaseError, match="Permission denied"):
        write_bundle(tmp_path / "bundle", OLD)


def test_something_else_is_never_replaced(tmp_path: Path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    (tmp_path / "file").write_text("text")
    for name in ("photos", "file"):
        with pytest.raises(DatabaseError, match="is not a card database; choose another folder"):
            write_bundle(tmp_path / name, OLD)
    assert (tmp_path / "photos" / "cat.png").read_bytes() == b"cat"


def test_an_empty_folder_may_be_filled(tmp_path: Path):
    (tmp_path / "bundle").mkdir()
    write_bundle(tmp_path / "bundle", OLD)
    assert cards_in(tmp_path / "bundle") == 4


@pytest.mark.parametrize(
    ("gallery", "named"),
    [
        (replace(OLD, rows=[], embeddings=np.empty((0, 16), dtype=np.float32), metadata={}), "no cards"),
        (replace(OLD, embeddings=OLD.embeddings[:-1]), "shape"),
        (replace(OLD, embeddings=OLD.embeddings * np.float32(2)), "embedding of 0 is not finite or not normalised"),
        (replace(OLD, embeddings=OLD.embeddings * np.float32(np.nan)), "not finite"),
        (replace(OLD, metadata=dict(list(OLD.metadata.items())[1:])), "first that differs is 0"),
    ],
)
def test_an_inconsistent_gallery_is_refused_before_anything_is_written(tmp_path: Path, gallery, named: str):
    with pytest.raises(DatabaseError, match=named):
        write_bundle(tmp_path / "bundle", gallery)
    assert not list(tmp_path.iterdir())
