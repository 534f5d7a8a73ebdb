"""Opens what is meant to be a file and nothing else: a FIFO blocks for ever, a device may do anything.

Everything that the scanner reads by name (settings, manifests, models, databases, photos, calibrations) is opened here.
Every failure is an `OSError` with a `strerror`, for the caller to put into the sentence that it tells.
"""

import codecs
import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file, or a link to one, for reading. Never waits for another program.

    Raises:
        OSError: if it cannot be opened or is not a regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except ValueError as cause:
        raise OSError(errno.EINVAL, "the path holds a NUL character", repr(str(path))) from cause
    try:
        _check_kind(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def check_regular(path: Path) -> None:
    """Check a file that a library will open by its name.

    Raises:
        OSError: if it cannot be opened or is not a regular file.
    """
    open_regular(path).close()


def read_regular(path: Path) -> bytes:
    """The content of a regular file.

    Raises:
        OSError: if it cannot be read or is not a regular file.
    """
    with open_regular(path) as file:
        return file.read()


def read_utf8(path: Path) -> bytes:
    """The content of a text file in UTF-8, without the byte order mark that Windows' editors put first.

    Raises:
        OSError: if it cannot be read or is not a regular file.
    """
    return read_regular(path).removeprefix(codecs.BOM_UTF8)


def is_folder(path: Path) -> bool:
    """Whether there is a folder; no also where that cannot be told, as of a name that is too long."""
    try:
        return path.is_dir()
    except OSError:
        return False


def file_inside(folder: Path, name: str) -> Path:
    """The path of a file that a folder's own list names.

    Raises:
        OSError: if the name, or a link on the way, leads out of the folder.
    """
    try:
        path = (folder / name).resolve()
    except ValueError as cause:
        raise OSError(errno.EINVAL, "the name holds a NUL character", repr(name)) from cause
    if not path.is_relative_to(folder.resolve()):
        raise OSError(errno.EINVAL, f"it lies outside of {folder}", name)
    return folder / name


def _check_kind(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
