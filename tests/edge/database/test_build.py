import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.database import CardDatabase, build
from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.errors import DatabaseError

OLD = made_up_gallery(random_unit_vectors(np.random.default_rng(0), 8, 16))
NEW = made_up_gallery(random_unit_vectors(np.random.default_rng(1), 12, 16))
REPOSITORY = Path(__file__).parents[3]

# Replaces a bundle, and kills itself at the nth call of one of the functions that change the disk.
KILLED = """
import os, pathlib, signal, sys
import numpy as np
from edge.database import build
from edge.database.benchmark import made_up_gallery, random_unit_vectors
output, fatal, exchange = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "exchange"
calls = 0
def counted(function):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call
for owner, name in [(pathlib.Path, "mkdir"), (pathlib.Path, "write_bytes"), (pathlib.Path, "write_text"),
                    (pathlib.Path, "rename"), (build, "_write_vectors"), (build, "_remove"), (build, "sync")]:
    setattr(owner, name, counted(getattr(owner, name)))
build._exchange = counted(build._exchange) if exchange else (lambda first, second: False)
build.write_bundle(output, made_up_gallery(random_unit_vectors(np.random.default_rng(1), 12, 16)))
sys.stdout.write(str(calls))
"""


def cards_in(folder: Path) -> int:
    return CardDatabase.open(folder, OLD.model).manifest.cards


def replaced(output: Path, fatal: int, way: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, str(output), str(fatal), way]
    return subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True)


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


def test_a_kill_at_any_step_leaves_the_old_or_the_new_bundle(tmp_path: Path):
    write_bundle(tmp_path / "whole", OLD)
    steps = int(replaced(tmp_path / "whole", 0, "exchange").stdout)
    assert steps > 10
    outcomes = []
    for fatal in sorted({1, 3, steps // 2, *range(steps - 4, steps + 1)}):
        folder = tmp_path / str(fatal)
        write_bundle(folder / "bundle", OLD)
        assert replaced(folder / "bundle", fatal, "exchange").returncode == -signal.SIGKILL
        outcomes.append(cards_in(folder / "bundle"))
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {4, 6}


def test_without_exchange_a_replacement_works_and_a_kill_loses_nothing(tmp_path: Path):
    write_bundle(tmp_path / "whole", OLD)
    steps = int(replaced(tmp_path / "whole", 0, "rename").stdout)
    assert cards_in(tmp_path / "whole") == 6
    for fatal in range(steps - 5, steps + 1):
        folder = tmp_path / str(fatal)
        write_bundle(folder / "bundle", OLD)
        assert replaced(folder / "bundle", fatal, "rename").returncode == -signal.SIGKILL
        kept = folder / "bundle" if (folder / "bundle").exists() else folder / ".bundle.former"
        assert cards_in(kept) in (4, 6)


@pytest.mark.parametrize("name", ["_write_vectors", "sync", "put_in_place"])
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
