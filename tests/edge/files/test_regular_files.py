import os
import socket
from pathlib import Path

import pytest

from edge.files.regular_files import check_regular, file_inside, open_regular, read_regular, read_utf8


def test_a_file_and_a_link_to_one_are_read(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link") == b"content"
    with open_regular(tmp_path / "file") as file:
        assert file.read(3) == b"con"
    check_regular(tmp_path / "file")


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def make_folder(path):
    path.mkdir()


def make_device_link(path):
    path.symlink_to("/dev/zero")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", [make_fifo, make_socket, make_folder, make_device_link])
def test_what_is_no_file_is_refused_at_once(tmp_path, make):
    path = tmp_path / "thing"
    make(path)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError) as failure:
        read_regular(path)
    assert failure.value.strerror
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


@pytest.mark.parametrize("name", ["absent", "a\0b", "n" * 300])
def test_a_path_that_cannot_be_is_an_oserror_with_a_reason(tmp_path, name):
    with pytest.raises(OSError) as failure:
        check_regular(tmp_path / name)
    assert failure.value.strerror


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path):
    (tmp_path / "text").write_bytes('\ufeffname = "Glurak é"'.encode())
    assert read_utf8(tmp_path / "text").decode() == 'name = "Glurak é"'


def test_a_list_may_name_only_what_lies_in_its_folder(tmp_path):
    folder = tmp_path / "bundle"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"")
    (folder / "link").symlink_to("../secret")
    assert file_inside(folder, "sub/picture.png") == folder / "sub" / "picture.png"
    for name in ("../secret", "/etc/passwd", "sub/../../secret", "link", "a\0b"):
        with pytest.raises(OSError):
            file_inside(folder, name)
