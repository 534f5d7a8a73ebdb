"""Reads a recording, up to its last whole frame where it was cut off; another file is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from edge.errors import SourceError
from edge.files.regular_files import open_regular
from edge.geometry import Image
from edge.recording.archive import TornError, members
from edge.recording.format import FRAMES, HEADER, MESSAGES, RecordedFrame, RecordingHeader
from edge.recording.pictures import decode_picture
from edge.settings.validation import first_fault

# What is said of a frame takes some hundred bytes, and with a thousand boxes 80 kB.
_MAX_JSON_BYTES = 1_000_000

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """A frame as it was recorded, with its pixels, uint8 [height, width, 3] BGR."""

    recorded: RecordedFrame
    image: Image


class RecordingReader:
    """The frames of a recording, in order. A context manager; used by one thread at a time.

    Attributes:
        header: which scanner recorded it, and with what.
        torn: why it could not be read on; None while it could.
    """

    def __init__(self, path: Path) -> None:
        """Open a recording.

        Raises:
            SourceError: if it cannot be read, or is none.
        """
        self.torn: str | None = None
        self._path = path
        try:
            self._file = open_regular(path)
        except OSError as cause:
            raise SourceError(f"cannot read the recording {path}: {cause.strerror}; is the path right?") from cause
        self._members = members(self._file, passed_over=MESSAGES)
        try:
            self.header = self._header()
        except BaseException:
            self._file.close()
            raise
        self._shots = self._whole_shots()

    def next(self) -> Shot | None:
        """The next frame; None after the last whole one."""
        return next(self._shots, None)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._file.close()

    def _header(self) -> RecordingHeader:
        try:
            return _parsed(RecordingHeader, _first(self._members))
        except TornError as cause:
            raise SourceError(
                f"{self._path} is no recording that this version can play ({cause}); 'card-scanner record' makes them"
            ) from cause

    def _whole_shots(self) -> Iterator[Shot]:
        before: RecordedFrame | None = None
        try:
            for shot in self._read_shots():
                _check_order(before, shot.recorded)
                before = shot.recorded
                yield shot
        except (TornError, OSError) as cause:
            told = f"frame {before.frame_id}" if before else "no frame"
            self.torn = f"{self._path} was read up to {told}: {cause}"

    def _read_shots(self) -> Iterator[Shot]:
        recorded: RecordedFrame | None = None
        for name, content in self._members:
            if name.startswith(FRAMES) and name.endswith(".json"):
                recorded = _parsed(RecordedFrame, content)
            elif name.startswith(FRAMES) and recorded is not None:
                yield Shot(recorded=recorded, image=_picture(recorded, content))
                recorded = None


def _first(members: Iterator[tuple[str, bytes]]) -> bytes:
    name, content = next(members, ("", b""))
    if name != HEADER:
        raise TornError(f"it does not begin with {HEADER}")
    return content


def _check_order(before: RecordedFrame | None, after: RecordedFrame) -> None:
    if before is not None and (after.frame_id <= before.frame_id or after.timestamp_ns < before.timestamp_ns):
        raise TornError(f"frame {after.frame_id} follows, which was taken earlier")


def _picture(recorded: RecordedFrame, content: bytes) -> Image:
    try:
        return decode_picture(content, recorded.width, recorded.height)
    except ValueError as cause:
        raise TornError(f"frame {recorded.frame_id} is damaged: {cause}") from cause


def _parsed(kind: type[P], content: bytes) -> P:
    """What a JSON file of the recording says; a newer version may have written fields that are not known."""
    if len(content) > _MAX_JSON_BYTES:
        raise TornError("it says more than a recording does")
    try:
        return kind.model_validate_json(content, extra="ignore")
    except ValidationError as cause:
        raise TornError(first_fault(cause, "the recording")) from cause
