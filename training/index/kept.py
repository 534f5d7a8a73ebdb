"""What was made of each image, kept beside the database while it is built.

A build that was killed goes on where it was, and one of a folder in which little has changed makes only what is new.
One line of JSON an image, about 14 kB, appended as soon as it is made; a last line that was cut off is left out.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2

from edge.errors import DatabaseError
from edge.manifests import ModelManifest
from training.data.gallery import GalleryImage
from training.index.prepared import PreparedImage

# Of the code that makes what is kept; what an earlier one made is made anew.
_CODE_VERSION = 3
_SUFFIX = ".jsonl"


def kept_folder(output: Path) -> Path:
    """Where a build of this database keeps what it has made."""
    return output.with_name(f".{output.name}.images")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a line lies, and the state of the image's file when it was made."""

    path: Path
    start: int
    length: int
    state: list[int]

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            return os.pread(file.fileno(), self.length, self.start)


class KeptImages:
    """The kept images of one model, read one by one; each process appends to a file of its own.

    In memory are the places of lines alone: the lines of a large gallery are gigabytes.
    """

    def __init__(self, folder: Path, model: ModelManifest, rank: int = 0) -> None:
        """Look through what earlier builds kept; what is damaged, or of another model or version, is as if not there.

        Args:
            folder: see `kept_folder`; it is made.
            model: that embeds.
            rank: of this process among those that share the work.

        Raises:
            DatabaseError: if it cannot be written to.
        """
        self._folder = folder
        self._head = {"code": _CODE_VERSION, "model": model.sha256, "opencv": cv2.__version__}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            places = list(self._places())
            self._known = dict(places)
            self._files_kept, self._count = set(self._known), len(places)
            self._own = folder / f"{rank}{_SUFFIX}"
            whole = _ends_a_line(self._own)
            self._appended = self._own.open("ab")
            self._appended.write(b"" if whole else b"\n")
        except OSError as cause:
            raise self._unwritable(cause) from cause

    def of(self, image: GalleryImage) -> PreparedImage | None:
        """What was made of an image whose file has not changed since; None where that is not known."""
        place = self._known.get(str(image.file))
        if place is None or place.state != _state(image):
            return None
        line = _parsed(place.read())
        try:
            made = None if line is None else PreparedImage.from_json(line["made"], image.card_id)
        except (KeyError, TypeError, ValueError):
            return None
        return made if made is None or image.variant == 0 else replace(made, reference=None)

    def add(self, made: Sequence[tuple[GalleryImage, PreparedImage]]) -> None:
        """Keep what was made of images; those that are not of files are not kept.

        Raises:
            DatabaseError: if they cannot be written.
        """
        for image, each in made:
            if image.file is not None:
                self._files_kept.add(str(image.file))
                self._count += 1
                self._write(self._head | {"file": str(image.file), "state": _state(image), "made": each.to_json()})
        self._flush()

    def close(self) -> None:
        """Let go of the file."""
        self._appended.close()

    def keep_only(self, images: Sequence[GalleryImage]) -> None:
        """Forget all but these images, once every process has made its share; files of other processes are removed.

        Raises:
            DatabaseError: if that cannot be written.
        """
        wanted = {str(image.file) for image in images}
        others = [path for path in self._files() if path != self._own]
        if not others and self._files_kept <= wanted and self._count == len(self._files_kept):
            return
        unfinished = self._own.with_suffix(".partial")
        try:
            latest = {name: place for name, place in self._places() if name in wanted}
            with unfinished.open("wb") as file:
                file.writelines(place.read().rstrip(b"\n") + b"\n" for place in latest.values())
            unfinished.replace(self._own)
            for path in others:
                path.unlink()
        except OSError as cause:
            raise self._unwritable(cause) from cause

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))

    def _places(self) -> Iterator[tuple[str, _Place]]:
        """The image file of each usable line, and where the line lies; later ones count."""
        for path in self._files():
            start = 0
            with path.open("rb") as file:
                for text in file:
                    line = _parsed(text)
                    if line is not None and line.items() >= self._head.items():
                        yield str(line["file"]), _Place(path=path, start=start, length=len(text), state=line["state"])
                    start += len(text)

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._appended.write(_dump(line))
        except OSError as cause:
            raise self._unwritable(cause) from cause

    def _flush(self) -> None:
        try:
            self._appended.flush()
        except OSError as cause:
            raise self._unwritable(cause) from cause

    def _unwritable(self, cause: OSError) -> DatabaseError:
        return DatabaseError(f"cannot keep what was made of images in {self._folder}: {cause.strerror}; is there room?")


def _state(image: GalleryImage) -> list[int]:
    """Size and time of an image's file."""
    if image.file is None:
        return []
    status = image.file.stat()
    return [status.st_size, status.st_mtime_ns]


def _ends_a_line(path: Path) -> bool:
    """Whether what is appended to a file begins a line of its own."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _dump(line: dict[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _parsed(text: bytes) -> dict[str, Any] | None:
    """A line of the file; None where it was cut off or damaged."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and {"file", "state", "made"} <= line.keys() else None
