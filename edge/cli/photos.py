"""The photos that a command works on: found, read one by one, and the pictures to write for them."""

import glob
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.output import complain
from edge.errors import ConfigurationError, ImageError, SourceError

if TYPE_CHECKING:
    from edge.imaging.decoding import Photo

_log = logging.getLogger(__name__)


def collect_photos(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The photos at these paths, and the paths that hold none; each of those is complained about."""
    from edge.imaging.photos import list_photos

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
    """Read photo after photo; one that cannot be read is complained about and added to `failures`.

    Two photos are in memory at once where the loop over these does not `del` each at its end.
    """
    from edge.imaging.photos import decode_photo

    for number, photo in enumerate(photos, 1):
        _log.info("photo %d of %d: %s", number, len(photos), photo)
        try:
            decoded = decode_photo(photo)
        except ImageError as error:
            failures.append(photo)
            complain(str(error))
        else:
            yield photo, decoded
            del decoded


def overlay_paths(folder: Path | None, photos: Sequence[Path]) -> dict[Path, Path]:
    """Photo -> picture to write. A number is added to a name that another photo or a file of the user's has.

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
        while name in names or _is_taken(folder, name):
            name, number = f"{photo.stem}-{number}", number + 1
        names[name] = photo
    return {photo: folder / f"{name}.png" for name, photo in names.items()}


def _is_taken(folder: Path, name: str) -> bool:
    """Whether a picture of this name, or of one of its cards, would replace what this program did not draw."""
    from edge.files.outputs import PICTURE_MARK, replaceable

    of_cards = folder.glob(f"{glob.escape(name)}-[0-9]*.png")
    return not all(replaceable(path, PICTURE_MARK) for path in [folder / f"{name}.png", *of_cards])
