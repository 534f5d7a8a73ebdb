import shutil

import pytest

from edge.database import CardDatabase
from edge.manifests import read_model_manifest
from tests.edge.conftest import write_tiny_database


@pytest.fixture
def config(tmp_path, tiny_database):
    path = tmp_path / "config.toml"
    path.write_text(
        f'[recognition]\nmodel = "{tiny_database.model}"\ndatabase = "{tmp_path / "databases" / "current"}"\n'
    )
    return path


@pytest.fixture
def database(scanner, tmp_path, config):
    return lambda *words: scanner("database", *words, "--folder", tmp_path / "databases", "--config", config)


def test_install_list_use_rollback(database, tiny_database, tmp_path):
    write_tiny_database(tmp_path / "smaller", tiny_database.model, dict(list(tiny_database.cards.items())[:3]))
    assert "no database is installed" in database("list").out
    outcome = database("install", tiny_database.database)
    assert outcome.code == 0
    assert "systemctl reload" in outcome.out
    assert "the settings name another" not in outcome.out
    first = outcome.out.split()[0]
    second = database("install", tmp_path / "smaller").out.split()[0]
    lines = database("list").out.splitlines()
    assert sorted(line[2:].split()[0] for line in lines) == sorted([first, second])
    [in_use] = [line for line in lines if line.startswith("* ")]
    assert in_use == f"* {second}  3 cards, for the model thumbnail"
    assert database("rollback").out.startswith(f"{first} is in use")
    assert database("use", second).out.startswith(f"{second} is in use")
    model = read_model_manifest(tiny_database.model.with_suffix(".json"))
    opened = CardDatabase.open(tmp_path / "databases" / "current", model)
    assert (opened.manifest.cards, opened.path.name) == (3, second)
    assert database("rollback").out.startswith(f"{first} is in use")
    assert "no database was in use" in database("rollback").complaint


def test_a_database_of_another_model_is_refused(database, tiny_database, tmp_path):
    shutil.copytree(tiny_database.database, tmp_path / "other")
    manifest = tmp_path / "other" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"thumbnail"', '"another"'))
    outcome = database("install", tmp_path / "other")
    assert outcome.code == 1
    assert "was built with another model (another)" in outcome.complaint
    assert not (tmp_path / "databases").exists()


def test_settings_that_name_another_database_are_told(database, tiny_database, config):
    config.write_text(tiny_database.toml())
    assert "set recognition.database = " in database("install", tiny_database.database).out


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("install",), 2, "takes the FOLDER"),
        (("use",), 2, "takes the NAME"),
        (("list", "x"), 2, "takes nothing more"),
        (("install", "/nothing"), 1, "No such file"),
        (("use", "nothing"), 1, "no database 'nothing' is installed"),
        (("rollback",), 1, "no database was in use"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(database, words, code, named):
    outcome = database(*words)
    assert outcome.code == code
    assert named in outcome.complaint
