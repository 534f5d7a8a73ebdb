"""What was made of each group of look-alikes, kept beside the database: unchanged groups are not compared anew.

KEY.json    one group, named after all that it is made from: its members with the digests of their pixels
"""

import hashlib
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import cv2
from pydantic import ValidationError

from edge.database.bundle import LookalikeGroup
from edge.errors import DatabaseError
from training.data.lookalikes import CutGroup, Lookalikes, Members, cut_group, joined
from training.parallel.processes import in_processes

# Of the code that makes what is kept; what an earlier one made is made anew.
_CODE_VERSION = 1


def cut_or_kept(folder: Path, groups: Sequence[Members], workers: int) -> Lookalikes:
    """The references of groups: those that `folder` keeps, and the others made anew and kept there.

    Args:
        folder: it is made; what it keeps of other groups is removed.
        groups: of the gallery.
        workers: processes that compare.

    Raises:
        ImageError: if an image can no longer be read.
        DatabaseError: if what was made cannot be kept.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / f"{_key(members)}.json" for members in groups]
        found = [_read(file) for file in files]
        new = [number for number, each in enumerate(found) if each is None]
        sys.stderr.write(f"{len(new)} groups of look-alikes to compare, {len(groups) - len(new)} are as they were\n")
        for number, cut in zip(new, in_processes(cut_group, [groups[number] for number in new], workers), strict=True):
            _keep(files[number], cut)
            found[number] = cut
        for file in set(folder.iterdir()).difference(files):
            file.unlink()
    except OSError as cause:
        raise DatabaseError(f"cannot keep look-alikes in {folder}: {cause.strerror}; is there room?") from cause
    return joined(each for each in found if each is not None)


def _key(members: Members) -> str:
    """Of all that a group is made from."""
    shown = [(image.card_id, image.variant, digest) for image, digest in members]
    return hashlib.sha256(json.dumps([_CODE_VERSION, cv2.__version__, shown]).encode()).hexdigest()


def _keep(file: Path, cut: CutGroup) -> None:
    group, pictures = cut
    content = {
        "group": group.model_dump(mode="json"),
        "pictures": {name: b64encode(picture).decode() for name, picture in pictures.items()},
    }
    unfinished = file.with_suffix(".partial")
    unfinished.write_text(json.dumps(content), encoding="ascii")
    unfinished.replace(file)


def _read(file: Path) -> CutGroup | None:
    """A group that was kept; None where there is none, or it is damaged."""
    try:
        content = json.loads(file.read_bytes())
        pictures = {str(name): b64decode(picture, validate=True) for name, picture in content["pictures"].items()}
        return LookalikeGroup.model_validate(content["group"]), pictures
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None
