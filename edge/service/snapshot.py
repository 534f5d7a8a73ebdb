"""Writes pictures that were asked for into a folder of their own, and never over a file that is there."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

import cv2

from edge.errors import ConfigurationError
from edge.geometry import Image

_MODE = 0o640
_SUFFIXES = (".png", ".jpg", ".jpeg")


def encoded(image: Image, suffix: str) -> bytes:
    """A picture as a file of that kind: png, jpg or jpeg."""
    return cv2.imencode(f".{suffix}", image)[1].tobytes()


def write_snapshot(folder: Path, path: Path, image: Image) -> Path:
    """Write a picture as a new file that its group may read; it appears when it is complete.

    Args:
        folder: of the snapshots; made where it is absent.
        path: the file's name, or its whole path in that folder.
        image: uint8 [height, width, 3] BGR.

    Returns:
        Where it is.

    Raises:
        ConfigurationError: if it is to lie elsewhere, is there already, or cannot be written.
    """
    target = folder / path
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigurationError(f"path: {path} must end in .png or .jpg")
    if target.parent != folder or not path.name.isprintable():
        raise ConfigurationError(f"path: {path} is not in the folder of snapshots, {folder}; give a file's name alone")
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        _write_new(part, encoded(image, path.suffix.lower()[1:]))
        os.link(part, target, follow_symlinks=False)
    except OSError as cause:
        if cause.errno == errno.EEXIST and cause.filename2 is not None:  # of the link: the folder's own has one name
            raise ConfigurationError(f"path: {target} exists already; give another name") from cause
        raise ConfigurationError(f"path: {target} cannot be written: {cause.strerror}") from cause
    finally:
        with suppress(OSError):
            part.unlink()
    return target


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), _MODE)
        file.write(content)
