import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.database.installed import InstalledDatabases
from edge.errors import DatabaseError
from edge.manifests import DatabaseManifest, Preprocessing, file_sha256

REPOSITORY = Path(__file__).parents[3]
NOBODY = 65534
FILES = ("embeddings.npy", "metadata.json", "index.json", "usearch.index", "lookalikes.json", "references/1.png")


def write_bundle(folder: Path, name: str, text: str = "") -> Path:
    (folder / "references").mkdir(parents=True)
    for file in FILES:
        (folder / file).write_text(f"{name} {file} {text}")
    manifest = DatabaseManifest(
        name=name, model_id="m", model_sha256="0" * 64, preprocessing=Preprocessing(width=160, height=224),
        dimension=3, rows=1, cards=1, files={file: file_sha256(folder / file) for file in FILES},
    )  # fmt: skip
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder


@pytest.fixture
def bundles(tmp_path) -> list[Path]:
    return [write_bundle(tmp_path / "usb" / name, name) for name in ("first", "second", "third")]


@pytest.fixture
def databases(tmp_path) -> InstalledDatabases:
    return InstalledDatabases(tmp_path / "databases")


def test_install_use_and_list(databases, bundles):
    assert databases.current is None
    names = [databases.install(bundle) for bundle in bundles]
    assert databases.current is None
    databases.use(names[1])
    assert [(each.name, each.manifest.name, each.in_use) for each in databases.installed()] == [
        (names[0], "first", False), (names[1], "second", True), (names[2], "third", False),
    ]  # fmt: skip
    assert (databases.folder / "current" / "references" / "1.png").read_text() == "second references/1.png "


def test_the_way_back_goes_step_by_step(databases, bundles):
    names = [databases.install(bundle) for bundle in bundles]
    for name in names:
        databases.use(name)
    databases.use(names[2])
    for expected in (names[1], names[0]):
        assert databases.former() == expected
        databases.rollback()
        assert databases.current == expected
    with pytest.raises(DatabaseError, match="no database was in use"):
        databases.rollback()
    databases.use(names[2])
    assert databases.former() == names[0]


def test_the_same_bundle_again_changes_nothing(databases, bundles):
    databases.use(databases.install(bundles[0]))
    before = {path: path.lstat().st_mtime_ns for path in databases.folder.rglob("*") if path.name != ".lock"}
    databases.use(databases.install(bundles[0]))
    assert {path: path.lstat().st_mtime_ns for path in databases.folder.rglob("*") if path.name != ".lock"} == before


def test_a_damaged_bundle_is_refused_before_anything_changes(databases, bundles):
    (bundles[0] / "index.json").write_text("x")
    with pytest.raises(DatabaseError, match=r"index\.json is damaged"):
        databases.install(bundles[0])
    assert not databases.folder.exists()


def test_a_bundle_that_reaches_outside_is_refused(databases, tmp_path, bundles):
    (tmp_path / "usb" / "secret").write_text("x")
    text = (bundles[0] / "manifest.json").read_text().replace("references/1.png", "../secret")
    (bundles[0] / "manifest.json").write_text(text)
    with pytest.raises(DatabaseError, match="secret: it lies outside"):
        databases.install(bundles[0])


def test_an_installed_database_that_was_damaged_is_not_used_and_installed_anew(databases, bundles):
    name = databases.install(bundles[0])
    (databases.folder / name / "index.json").write_text("x")
    with pytest.raises(DatabaseError, match="is damaged"):
        databases.use(name)
    assert databases.install(bundles[0]) == name
    databases.use(name)
    assert [path.name for path in databases.folder.glob(".*")] == [".lock"]


@pytest.mark.parametrize("name", ["nothing", "../usb/first", "history", "current", "", ".lock"])
def test_what_is_not_installed_cannot_be_used(databases, bundles, name):
    databases.use(databases.install(bundles[0]))
    with pytest.raises(DatabaseError, match="is installed in"):
        databases.use(name)


def test_a_folder_that_cannot_be_written_is_one_sentence(bundles):
    with pytest.raises(DatabaseError, match=r"cannot install .* in /proc/databases: "):
        InstalledDatabases(Path("/proc/databases")).install(bundles[0])


def test_a_copy_that_finds_no_room_leaves_nothing_behind(databases, bundles):
    """A limit on the size of files in place of a full disk: writing fails in the middle of a file."""
    name = databases.install(bundles[0])
    databases.use(name)
    with (bundles[1] / "index.json").open("ab") as file:
        file.write(bytes(200_000))
    manifest = bundles[1] / "manifest.json"
    listed = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(listed | {"files": {file: file_sha256(bundles[1] / file) for file in FILES}}))
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, former[1]))
    try:
        with pytest.raises(DatabaseError, match="File too large; is there room"):
            databases.install(bundles[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert [each.name for each in databases.installed()] == [name] == [databases.current]
    assert [path.name for path in databases.folder.glob(".*")] == [".lock"]
    assert databases.install(bundles[1]) != name


def test_what_is_no_database_is_left_out_of_the_list(databases, bundles):
    name = databases.install(bundles[0])
    damaged = databases.install(bundles[1])
    (databases.folder / damaged / "manifest.json").write_text("{")
    (databases.folder / "lost+found").mkdir()
    (databases.folder / "notes.txt").write_text("the shop's")
    (databases.folder / "gone").symlink_to("nowhere")
    (databases.folder / "circle").symlink_to("circle")
    assert [(each.name, each.manifest is None) for each in databases.installed()] == [(name, False), (damaged, True)]
    assert "not a valid manifest" in databases.installed()[1].fault


@pytest.mark.parametrize("ask", ["installed", "former", "rollback", "use", "check"])
def test_a_folder_that_cannot_be_read_is_one_sentence(databases, bundles, ask):
    names = [databases.install(bundle) for bundle in bundles[:2]]
    for name in names:
        databases.use(name)
    user = os.geteuid()
    databases.folder.chmod(0)
    try:
        os.seteuid(user or NOBODY)
        with pytest.raises(DatabaseError, match="Permission denied; .* read it"):
            getattr(databases, ask)(*([names[0]] if ask in ("use", "check") else []))
    finally:
        os.seteuid(user)
        databases.folder.chmod(0o755)


@pytest.mark.parametrize("folder", ["a file", "x" * 300])
def test_a_path_that_cannot_hold_databases_is_one_sentence(tmp_path, folder):
    (tmp_path / "a file").write_text("")
    databases = InstalledDatabases(tmp_path / folder)
    for ask in (databases.installed, databases.former, lambda: databases.check("demo")):
        with pytest.raises(DatabaseError):
            ask()


def test_a_folder_that_is_not_there_yet_holds_no_database(databases):
    assert databases.installed() == []


def test_an_odd_history_does_not_stand_in_the_way(databases, bundles):
    names = [databases.install(bundle) for bundle in bundles]
    for name in names:
        databases.use(name)
    history = databases.folder / "history"
    (history / "2.bak").write_text("")
    (history / "02").symlink_to("nowhere")
    (history / "\N{SUPERSCRIPT TWO}").mkdir()
    (history / "17").mkdir()
    shutil.rmtree(databases.folder / names[1])
    databases.rollback()
    assert databases.current == names[0]
    with pytest.raises(DatabaseError, match="no database was in use"):
        databases.rollback()
    databases.use(names[2])
    assert databases.former() == names[0]


def test_a_current_database_that_was_linked_by_hand_can_be_left_again(databases, bundles):
    names = [databases.install(bundle) for bundle in bundles]
    for name in names[:2]:
        databases.use(name)
    (databases.folder / "current").unlink()
    (databases.folder / "current").symlink_to(names[2])
    assert databases.current == names[2]
    databases.rollback()
    assert databases.current == names[1]
    databases.rollback()
    assert databases.current == names[0]
    (databases.folder / "current").unlink()
    (databases.folder / "current").symlink_to(names[2])
    databases.use(names[0])
    assert databases.current == names[0]


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
@pytest.mark.parametrize("action", ["install", "rollback"])
def test_killed_at_every_step_one_whole_database_is_in_use(databases, bundles, action, every):
    for bundle in bundles[:2]:
        databases.use(databases.install(bundle))
    done = subprocess.run(
        [sys.executable, "-m", "tests.edge.database.killed", str(every), action, databases.folder, bundles[2]],
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    target = "first" if action == "rollback" else "third"
    assert len(lines) > (150 if action == "install" else 20) / every
    assert {line[1].rpartition("-")[0] for line in lines} == {"second", target}
    assert {line[2].rpartition("-")[0] for line in lines} == {target}
    assert all("installing" not in line[3] for line in lines if action == "install" and line[1] != lines[-1][1])
    shutil.rmtree(databases.folder)
