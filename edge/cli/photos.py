"""The photos that a command works on: found, read one by one, and the pictures to write for them."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.output import complain
from edge.errors import ConfigurationError, ImageError, SourceError

if TYPE_CHECKING:
    from edge.decoding import Photo

_log = logging.getLogger(__name__)


def collect_photos(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The photos at these paths, and the paths that hold none; each of those is complained about."""
    from edge.photos import list_photos

    photos: list[Path] = []
    failures: list[Path] = []
    for path in paths:
        try:
            photos += list_photos(path)
        except SourceError as error:
            failures.append(path)
            complain(str(error))
    return photos, failures


def readable_photos(photos: Sequence[Path], failures: list[Path]) -> Iterator[tuple[Path, "Photo"]]:
    """Read photo after photo; one that cannot be read is complained about and added to `failures`."""
    from edge.photos import decode_photo

    for number, photo in enumerate(photos, 1):
        _log.info("photo %d of %d: %s", number, len(photos), photo)
        try:
            decoded = decode_photo(photo)
        except ImageError as error:
            failures.append(photo)
            complain(str(error))
        else:
            yield photo, decoded


def overlay_paths(folder: Path | None, photos: Sequence[Path]) -> dict[Path, Path]:
    """Photo -> picture to write; photos of one name are told apart by a number.

    Raises:
        ConfigurationError: if the folder cannot be made.
    """
    if folder is None:
        return {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise ConfigurationError(f"--overlay: cannot make the folder {folder}: {cause.strerror}") from cause
    names: dict[str, Path] = {}
    for photo in dict.fromkeys(photos):
        name, number = photo.stem, 2
        while name in names:
            name, number = f"{photo.stem}-{number}", number + 1
        names[name] = photo
    return {photo: folder / f"{name}.png" for name, photo in names.items()}
