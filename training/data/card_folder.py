"""A folder of card images as people have it: which file shows which card, and what of it cannot be used."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from edge.errors import ConfigurationError
from edge.files.printing import printable
from edge.imaging.photos import SUFFIXES
from edge.wire.messages import CardDetails
from training.data.card_list import CardList, read_card_list
from training.data.gallery import GalleryImage, read_card_image

KINDS = "|".join(suffix.removeprefix(".") for suffix in SUFFIXES)
NAME_PATTERN = f"{{set_id}}-{{number}}_{{name}}[_high].{KINDS}"
# Lists of cards may lie beside the images.
_LISTS = (".csv", ".json")
_GUESSED = re.compile(r"(?P<card_id>[^_]+-[^_]+)(?:_.*)?")
_RESOLUTION = re.compile(r"(?:^|_)(?:high|low)$")
_BOUNDARIES = "_ "
_LISTED = 5

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What of a folder and its list is left out or mended. Files are given by their path in the folder.

    Attributes:
        unreadable: file -> why it cannot be used.
        other_kinds: files that are no pictures by the end of their name, and no lists of cards.
        misnamed: files whose name does not say which card they show.
        repeated: groups of files that differ in suffix, resolution or letter case only; the first is used.
        without_metadata: cards with an image that the list does not know.
        without_image: cards of the list that have no image.
        unusable: entries of the list that are left out, each with the reason.
        completed: cards for which something was filled in, each with what the list lacks.
        ignored: fields of the list that say nothing to the scanner.
    """

    unreadable: dict[str, str] = field(default_factory=dict)
    other_kinds: Names = ()
    misnamed: Names = ()
    repeated: tuple[Names, ...] = ()
    without_metadata: Names = ()
    without_image: Names = ()
    unusable: Names = ()
    completed: Names = ()
    ignored: Names = ()

    def titled(self) -> dict[str, list[str]]:
        """For a person: title -> what was found, as far as something was."""
        titled = {
            "images that cannot be used": [f"{name}: {fault}" for name, fault in self.unreadable.items()],
            "files of other kinds": self.other_kinds,
            "misnamed files": self.misnamed,
            "one image in several files": [" = ".join(group) for group in self.repeated],
            "cards without metadata": self.without_metadata,
            "cards without an image": self.without_image,
            "entries that cannot be used": self.unusable,
            "entries that were completed": self.completed,
            "fields that were ignored": self.ignored,
        }
        return {title: [printable(each) for each in found] for title, found in titled.items() if found}

    def sentence(self) -> str:
        """All in one line, a few names of each kind; empty where nothing was found."""
        return "; ".join(f"{title}: {len(found)} ({few(found)})" for title, found in self.titled().items())


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFolder:
    """The images of a folder that show a known card.

    Attributes:
        files: every image file of the folder, by name.
        images: one for each image that can be used, as far as names tell; the images of one card are its variants.
        metadata: card id -> details, of the cards of `images`.
        findings: what is left out or mended, as far as names and the list tell.
    """

    files: tuple[Path, ...]
    images: list[GalleryImage]
    metadata: dict[str, CardDetails]
    findings: Findings


def few(names: Sequence[str], listed: int = _LISTED) -> str:
    """The first of these names, as they are safe to print, and how many more there are."""
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return ", ".join(map(printable, names[:listed])) + more


def folder_gallery(folder: Path, metadata_file: Path) -> tuple[list[GalleryImage], dict[str, CardDetails]]:
    """The card images in a folder and what a list says of them; what is left out is said on stderr.

    Raises:
        ConfigurationError: if the folder or the list cannot be read, or no image is of a card of the list.
    """
    found = survey_folder(folder, read_card_list(metadata_file))
    if not found.images:
        raise ConfigurationError(
            f"no image in {folder} is of a card in {metadata_file} ({found.findings.sentence()}); they are named "
            f"{NAME_PATTERN}"
        )
    if said := found.findings.sentence():
        sys.stderr.write(f"left out or mended of {folder} and {metadata_file}: {said}\n")
    return found.images, found.metadata


def survey_folder(folder: Path, known: CardList | None) -> CardFolder:
    """Find out which card each image file shows; without a list its name alone tells, or its folder and name.

    A file shows the card whose id (or other name in the list) is the longest that its own name begins with; of a file
    in folders, such as `base1/4.webp`, also `base1-4` is its name.

    Raises:
        ConfigurationError: if the folder is none, or holds no images.
    """
    files, others = _files_of(folder)
    kept, repeated = _without_repeated(files, folder)
    shown: dict[Path, str] = {}
    unknown: dict[str, None] = {}
    misnamed: list[str] = []
    for file in kept:
        names = list(_names_of(file.relative_to(folder)))
        card_id = _longest(names, known.names) if known else _guessed(names)
        if card_id:
            shown[file] = card_id
        elif known and (guess := _guessed(names)):
            unknown[guess] = None
        else:
            misnamed.append(str(file.relative_to(folder)))
    cards = known.cards if known else {}
    findings = Findings(
        other_kinds=tuple(str(file.relative_to(folder)) for file in others),
        misnamed=tuple(misnamed),
        repeated=repeated,
        without_metadata=tuple(sorted(unknown)),
        without_image=tuple(sorted(set(cards) - set(shown.values()))),
        unusable=known.unusable if known else (),
        completed=known.completed if known else (),
        ignored=known.ignored if known else (),
    )
    metadata = {card_id: cards[card_id] for card_id in dict.fromkeys(shown.values()) if card_id in cards}
    return CardFolder(files=files, images=list(_images(shown)), metadata=metadata, findings=findings)


def _files_of(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The image files of a folder and those below it, by their suffix, and the other files but for lists; sorted.

    Hidden ones are neither.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder of card images; is its path right?")
    shown = (path for path in folder.rglob("*") if not any(part[0] in "._" for part in path.relative_to(folder).parts))
    files = sorted(path for path in shown if path.is_file())
    images = tuple(path for path in files if path.suffix.lower() in SUFFIXES)
    if not images:
        raise ConfigurationError(f"{folder} holds no card images; they are named {NAME_PATTERN}")
    return images, tuple(path for path in files if path.suffix.lower() not in (*SUFFIXES, *_LISTS))


def _without_repeated(files: Iterable[Path], folder: Path) -> tuple[list[Path], tuple[Names, ...]]:
    """The files without those that repeat an image, and each group of one image's files, the largest file first."""
    named: dict[str, list[Path]] = {}
    for file in files:
        named.setdefault("/".join(_parts(file.relative_to(folder))).lower(), []).append(file)
    groups = [sorted(group, key=lambda file: -file.stat().st_size) for group in named.values()]
    repeated = [tuple(str(file.relative_to(folder)) for file in group) for group in groups if len(group) > 1]
    return [group[0] for group in groups], tuple(repeated)


def _parts(relative: Path) -> Names:
    """Folders and name of a file without suffix and resolution: `base1/4/high.webp` and `base1/4.png` are alike."""
    stem = _RESOLUTION.sub("", relative.stem)
    return (*relative.parent.parts, stem) if stem else relative.parent.parts or (relative.stem,)


def _names_of(relative: Path) -> Iterator[str]:
    """What a file is named, by itself and with the folders that it is in: `4`, and `base1-4` of `base1/4.webp`."""
    parts = _parts(relative)
    yield parts[-1]
    for number in range(len(parts) - 2, -1, -1):
        yield f"{parts[number]}-{'_'.join(parts[number + 1 :])}"


def _longest(names: Iterable[str], known: Mapping[str, str]) -> str:
    """The card of the longest known name that one of these names begins with, up to a boundary; empty if none is."""
    beginnings = (
        name[:end] for name in names for end in range(1, len(name) + 1) if end == len(name) or name[end] in _BOUNDARIES
    )
    return known.get(max((each for each in beginnings if each in known), key=len, default=""), "")


def _guessed(names: Iterable[str]) -> str:
    matches = (_GUESSED.fullmatch(name) for name in names)
    return next((match["card_id"] for match in matches if match), "")


def _images(shown: Mapping[Path, str]) -> Iterator[GalleryImage]:
    seen: Counter[str] = Counter()
    for file, card_id in shown.items():
        yield GalleryImage(card_id=card_id, variant=seen[card_id], load=partial(read_card_image, file), file=file)
        seen[card_id] += 1
