import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from training.data.whole_files import begin_pictures, kept_or_made, mapped_pictures, whole_file


def text_of(path: Path):
    return lambda: path.read_text() or None if path.exists() else None


def test_a_file_is_there_when_it_is_whole(tmp_path):
    path = tmp_path / "kept"
    with whole_file(path) as file:
        file.write(b"all")
        assert not path.exists()
    assert path.read_bytes() == b"all"
    with pytest.raises(RuntimeError), whole_file(path) as file:
        file.write(b"ha")
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
    assert path.read_bytes() == b"all"


def test_a_full_disk_leaves_what_was_there(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"all")
    (tmp_path / "kept.partial").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"), whole_file(path) as file:
        file.write(b"x" * 100_000)
    assert path.read_bytes() == b"all"


def killed_while_it_writes(path: Path):
    with whole_file(path) as file:
        file.write(b"half")
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_leaves_nothing_that_looks_whole(tmp_path):
    path = tmp_path / "kept"
    process = multiprocessing.get_context("spawn").Process(target=killed_while_it_writes, args=(path,))
    process.start()
    process.join()
    assert not path.exists()
    assert kept_or_made(path, text_of(path), lambda: path.write_text("made") and None) == "made"


def test_what_is_damaged_is_made_again_and_said(tmp_path, capsys):
    path = tmp_path / "kept"
    path.touch()
    assert kept_or_made(path, text_of(path), lambda: path.write_text("made") and None) == "made"
    assert "is damaged and is made again" in capsys.readouterr().err
    assert kept_or_made(path, text_of(path), lambda: pytest.fail("made again")) == "made"


def test_pictures_are_written_one_by_one_and_mapped(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    path = tmp_path / "pictures.npy"
    assert mapped_pictures(path) is None
    with whole_file(path) as file:
        begin_pictures(file, pictures.shape)
        for picture in pictures:
            file.write(picture.tobytes())
    np.testing.assert_array_equal(mapped_pictures(path), pictures)
    path.write_bytes(path.read_bytes()[:-1])
    assert mapped_pictures(path) is None
