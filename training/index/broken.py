"""Which files look broken without being decoded, so that they come first and not after minutes."""

import os
from collections.abc import Sequence
from pathlib import Path

from training.data.gallery import GalleryImage

_TAIL = 64
# How the files of each kind begin, and what stands at the end of a whole one.
_MARKS = {b"\xff\xd8\xff": b"\xff\xd9", b"\x89PNG": b"IEND"}
_RIFF = b"RIFF"


def broken_first(images: Sequence[GalleryImage], numbers: Sequence[int]) -> list[int]:
    """These numbers of images, those first whose files look broken; otherwise in their order."""
    return sorted(numbers, key=lambda number: not _looks_broken(images[number].file))


def _looks_broken(file: Path | None) -> bool:
    """Whether a file is empty, no picture, or cut off; one that decodes nevertheless is only decoded early."""
    if file is None:
        return False
    try:
        with file.open("rb") as opened:
            head = opened.read(12)
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - _TAIL))
            tail = opened.read()
    except OSError:
        return True
    if head[:4] == _RIFF:
        return size < int.from_bytes(head[4:8], "little") + 8
    ends = [end for mark, end in _MARKS.items() if head.startswith(mark)]
    return not ends or ends[0] not in tail
