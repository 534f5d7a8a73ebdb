"""The container of a recording: a tar archive (POSIX.1-1988, ustar) that is whole after each member.

Only plain files are in it, so that a header says all there is to know of a member before a byte of it is read.
"""

import os
import tarfile
from collections.abc import Iterator
from io import BufferedReader

from edge.errors import SourceError

# The most that is read of one member: a picture of 64 megapixels that cannot be compressed.
MAX_MEMBER_BYTES = 200_000_000
END = bytes(2 * tarfile.BLOCKSIZE)
_MODE = 0o640


def member(name: str, content: bytes, modified_s: int) -> bytes:
    """A file as it stands in the archive: header, content, padding."""
    header = tarfile.TarInfo(name)
    header.size, header.mtime, header.mode = len(content), modified_s, _MODE
    return header.tobuf(tarfile.USTAR_FORMAT) + content + bytes(_padding(len(content)))


def members(file: BufferedReader, *, passed_over: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of each member, up to the archive's end.

    Args:
        file: at its start.
        passed_over: members whose names begin so are not read.

    Raises:
        TornError: where the archive breaks off, or what follows is no member of a recording.
    """
    while True:
        block = file.read(tarfile.BLOCKSIZE)
        if block == bytes(tarfile.BLOCKSIZE):
            return
        header = _header(block)
        if header.name.startswith(passed_over):
            _pass_over(file, header.size + _padding(header.size))
            continue
        content = file.read(header.size)
        if len(content) < header.size:
            raise TornError("it breaks off")
        yield header.name, content
        _pass_over(file, _padding(header.size))


class TornError(SourceError):
    """A recording cannot be read on; what came before it can be used."""


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as cause:
        raise TornError("it breaks off" if len(block) < tarfile.BLOCKSIZE else "what follows is damaged") from cause
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or not 0 <= header.size <= MAX_MEMBER_BYTES:
        raise TornError("what follows is no member of a recording")
    return header


def _pass_over(file: BufferedReader, count: int) -> None:
    size, here = os.fstat(file.fileno()).st_size, file.tell()
    if here + count > size:
        raise TornError("it breaks off")
    file.seek(count, os.SEEK_CUR)


def _padding(size: int) -> int:
    return -size % tarfile.BLOCKSIZE
