import io
import json
import shutil
import sys

import cv2
import numpy as np
import pytest

from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.manifests import file_sha256, read_model_manifest
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


def forge(bundle, name, content):
    """Replace a file and its checksum."""
    (bundle / name).write_bytes(content)
    entries = json.loads((bundle / "manifest.json").read_text())
    entries["files"][name] = file_sha256(bundle / name)
    (bundle / "manifest.json").write_text(json.dumps(entries))


def test_a_database_that_does_not_open_is_refused_before_anything_changes(database, tiny_database, tmp_path):
    shutil.copytree(tiny_database.database, tmp_path / "forged")
    embeddings = np.load(tmp_path / "forged" / "embeddings.npy")
    embeddings[3] = np.nan
    buffer = io.BytesIO()
    np.save(buffer, embeddings)
    forge(tmp_path / "forged", "embeddings.npy", buffer.getvalue())
    outcome = database("install", tmp_path / "forged")
    assert outcome.code == 1
    assert "embeddings.npy holds rows that are not finite" in outcome.complaint
    assert not (tmp_path / "databases").exists()


@pytest.mark.parametrize("member", [b"no picture", cv2.imencode(".png", np.zeros((9, 9, 3), np.uint8))[1].tobytes()])
def test_pictures_that_would_fail_when_their_card_lies_there_are_refused(database, tiny_database, tmp_path, member):
    shutil.copytree(tiny_database.database, tmp_path / "forged")
    (tmp_path / "forged" / "references").mkdir(exist_ok=True)
    names = ["references/anchor.png", "references/0.png", "references/1.png"]
    members = [
        {"card_id": card_id, "file": name}
        for card_id, name in zip(list(tiny_database.cards)[:2], names[1:], strict=True)
    ]
    group = {"anchor": names[0], "windows": [[8, 8, 40, 40]], "members": members}
    forge(tmp_path / "forged", "lookalikes.json", json.dumps([group]).encode())
    card = np.zeros((704, 504, 3), np.uint8)
    for name, picture in zip(names, [card[::4, ::4, 0], card, card], strict=True):
        forge(tmp_path / "forged", name, cv2.imencode(".png", picture)[1].tobytes())
    assert database("install", tmp_path / "forged").code == 0
    forge(tmp_path / "forged", names[2], member)
    outcome = database("install", tmp_path / "forged")
    assert outcome.code == 1
    assert "1.png is not a reference image" in outcome.complaint


def test_a_database_that_ends_the_process_is_refused(database, tiny_database, tmp_path, monkeypatch):
    """An interpreter that dies as a crash in a library would make it die."""
    interpreter = tmp_path / "python"
    interpreter.write_text("#!/bin/sh\nkill -SEGV $$\n")
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    outcome = database("install", tiny_database.database)
    assert outcome.code == 1
    assert "ended the process that tried it (SIGSEGV)" in outcome.complaint
    assert not (tmp_path / "databases").exists()


@pytest.mark.parametrize("turned", [False, True])
def test_the_model_is_run_where_there_are_golden_crops(database, tiny_database, tmp_path, turned):
    """Golden crops that the model embeds otherwise are those of another model."""
    shutil.copytree(tiny_database.database, tmp_path / "golden")
    card = cv2.resize(next(iter(tiny_database.cards.values())), (160, 224), interpolation=cv2.INTER_AREA)
    embedding = OnnxEmbedder(tiny_database.model).embed([card])[0]
    forge(tmp_path / "golden", "0.png", cv2.imencode(".png", card[::-1] if turned else card)[1].tobytes())
    forge(tmp_path / "golden", "golden.json", json.dumps([{"file": "0.png", "embedding": embedding.tolist()}]).encode())
    outcome = database("install", tmp_path / "golden")
    assert outcome.code == int(turned)
    assert ("does not embed as the one" in outcome.err) == turned


def test_a_stray_file_or_a_damaged_database_does_not_break_the_list(database, tiny_database, tmp_path):
    name = database("install", tiny_database.database).out.split()[0]
    (tmp_path / "databases" / "lost+found").mkdir()
    (tmp_path / "databases" / "notes.txt").write_text("x")
    shutil.copytree(tmp_path / "databases" / name, tmp_path / "databases" / "zz")
    (tmp_path / "databases" / "zz" / "manifest.json").write_text("{")
    outcome = database("list")
    assert outcome.code == 0
    first, second = outcome.out.splitlines()
    assert first.startswith(f"* {name}")
    assert second.startswith("  zz  ")
    assert "not a valid manifest" in second


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
