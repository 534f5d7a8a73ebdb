import errno
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.database import build, learned_folder
from edge.database.learned_folder import LearnedFolder
from edge.errors import DatabaseError
from tests.edge.database.learned import learned

ROOT = Path(__file__).parents[3]
# Needs no privileges: in a user namespace of its own anybody may mount.
IN_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
may_mount = shutil.which("unshare") is not None and subprocess.run(
    [*IN_NAMESPACE, "true"], stderr=subprocess.DEVNULL, check=False
).returncode == 0  # fmt: skip


@pytest.fixture
def folder(tmp_path) -> LearnedFolder:
    return LearnedFolder(tmp_path / "state" / "learned")


def names(folder: LearnedFolder) -> list[str]:
    return sorted(path.name for path in folder.path.iterdir() if path.name != ".lock")


def test_a_folder_that_is_not_there_yet_holds_none(folder):
    assert folder.read().cards == ()
    assert not folder.path.exists()


def test_cards_are_kept_replaced_and_removed(folder):
    for number in (2, 1):
        folder.write(*learned(number))
    folder.write(*learned(1, name="Renamed"))
    assert [(card.card_id, card.name) for card in folder.read().cards] == [
        ("learned-000000000001", "Renamed"),
        ("learned-000000000002", "Mossy Drake"),
    ]
    assert folder.card("learned-000000000002")[1] == learned(2)[1]
    folder.remove("learned-000000000001")
    assert names(folder) == ["learned-000000000002"]


@pytest.mark.parametrize(
    "card_id", ["learned-000000000009", "../learned", "", "base1-4", "learned-", "learned-\0", "."]
)
def test_a_card_that_is_not_kept_is_neither_read_nor_removed(folder, card_id):
    folder.write(*learned())
    for ask in (folder.card, folder.remove):
        with pytest.raises(DatabaseError, match="is learned; 'card-scanner learn --list'"):
            ask(card_id)
    assert len(folder.read().cards) == 1


def test_a_torn_card_is_left_out_named_and_can_be_removed(folder):
    folder.write(*learned(1))
    folder.write(*learned(2))
    (folder.path / "learned-000000000001" / "vectors.bin").write_bytes(b"torn")
    (folder.path / "notes.txt").write_text("mine")
    kept = folder.read()
    assert [card.card_id for card in kept.cards] == ["learned-000000000002"]
    assert list(kept.faults) == ["learned-000000000001"]
    assert "vectors.bin is torn" in kept.faults["learned-000000000001"]
    folder.remove("learned-000000000001")
    assert folder.read().faults == {}
    assert names(folder) == ["learned-000000000002", "notes.txt"]


def test_what_a_killed_process_has_left_goes_with_the_next_change(folder):
    folder.write(*learned(1))
    (folder.path / ".learned-000000000007.partial").mkdir()
    assert len(folder.read().cards) == 1
    folder.write(*learned(2))
    assert names(folder) == ["learned-000000000001", "learned-000000000002"]


def test_the_first_card_is_on_the_disk_with_the_folder_that_it_is_in(folder, monkeypatch):
    synced = []
    monkeypatch.setattr(learned_folder, "sync", synced.append)
    folder.write(*learned(1))
    assert folder.path.parent in synced


def test_a_card_that_was_being_replaced_is_there_whatever_happened(folder, monkeypatch):
    """On a file system that cannot exchange two folders it is renamed first."""
    folder.write(*learned(1))
    place = folder.path / "learned-000000000001"
    place.rename(folder.path / ".learned-000000000001.former")
    (folder.path / ".learned-000000000001.partial").mkdir()
    assert [card.name for card in folder.read().cards] == ["Mossy Drake"]
    shutil.copytree(place, folder.path / ".learned-000000000001.former")
    assert len(folder.read().cards) == 1
    assert names(folder) == ["learned-000000000001"]
    monkeypatch.setattr(build, "exchange", lambda _first, _second: False)
    rename = Path.rename

    def full(path, target):
        if path.name.endswith(".partial"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(DatabaseError, match="No space left on device"):
        folder.write(*learned(1, name="Renamed"))
    assert [card.name for card in folder.read().cards] == ["Mossy Drake"]
    assert names(folder) == ["learned-000000000001"]


def test_no_more_cards_are_kept_than_there_is_room_for(folder, monkeypatch):
    monkeypatch.setattr(learned_folder, "MOST_CARDS", 2)
    for number in (1, 2):
        folder.write(*learned(number))
    with pytest.raises(DatabaseError, match="2 cards are learned, which is as many as are kept"):
        folder.write(*learned(3))
    folder.write(*learned(2, name="Renamed"))
    assert len(folder.read().cards) == 2


def test_a_disk_that_fills_up_leaves_nothing_of_the_card(folder):
    """A limit on the size of files in place of a full disk."""
    folder.write(*learned(1))
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, former[1]))
    try:
        with pytest.raises(DatabaseError, match="cannot keep learned cards in .*: File too large; is there room"):
            folder.write(*learned(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert names(folder) == ["learned-000000000001"]


@pytest.mark.skipif(not may_mount, reason="this user may not mount a file system")
@pytest.mark.parametrize(
    ("mount", "reason"),
    [
        ("mount -t tmpfs -o size=300k tmpfs learned && fill", "No space left on device"),
        ("mount -t tmpfs -o ro tmpfs learned", "Read-only file system"),
    ],
)
def test_a_full_disk_and_a_read_only_one_are_sentences(tmp_path, mount, reason):
    (tmp_path / "learned").mkdir()
    keep = (
        "from pathlib import Path; from edge.database.learned_folder import LearnedFolder; "
        "from tests.edge.database.learned import learned; from edge.errors import DatabaseError\n"
        f"folder = LearnedFolder(Path({str(tmp_path / 'learned')!r}))\n"
        "try:\n    folder.write(*learned())\nexcept DatabaseError as error:\n    print(error)\n"
        "print(len(folder.read().cards))"
    )
    script = (
        f"cd {tmp_path}; fill() {{ head -c 295000 /dev/zero > learned/filler; }}; {mount}; cd {ROOT}; "
        f'exec {sys.executable} -c "$KEEP"'
    )
    done = subprocess.run(
        [*IN_NAMESPACE, "sh", "-c", script], env={"KEEP": keep, "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    said, cards = done.stdout.splitlines()
    assert f"cannot keep learned cards in {tmp_path / 'learned'}: {reason}; is there room" in said
    assert cards == "0"


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "learned").write_bytes(b"a file")
    with pytest.raises(DatabaseError, match="cannot read learned cards in .*: Not a directory"):
        LearnedFolder(tmp_path / "learned").read()
