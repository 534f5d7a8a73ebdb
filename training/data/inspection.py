"""`card-training inspect`: what is in a folder of card images, and what has to be mended before it is used."""

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2

from edge.decoding import decode
from edge.errors import ConfigurationError, ImageError
from edge.messages import CardDetails
from training.data.gallery import card_id_of, card_image, image_files, read_metadata, repeated_files
from training.data.lookalikes import Fingerprint, fingerprint, group_fingerprints
from training.parallel.processes import in_processes

_LISTED = 10
_PROGRESS_EVERY = 500

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What is in a folder. Files are given by name.

    Attributes:
        files: number of image files.
        cards: number of different cards.
        images_per_card: number of images -> number of cards that have so many.
        formats: suffix -> files.
        widths_px: least, median and greatest width.
        images_per_s: decoded, by all processes together.
        unreadable: file -> what is wrong with it.
        misnamed: files whose name does not say which card they show.
        repeated: groups of files of one card that differ in suffix, resolution or letter case only.
        without_metadata: cards with an image that the metadata do not know.
        without_image: cards in the metadata that have no image.
        equal: groups of files with equal pixels; a placeholder shows here.
        near_equal: groups of files, of different cards, that are the same but for small details: reprints.
    """

    files: int
    cards: int
    images_per_card: dict[int, int]
    formats: dict[str, int]
    widths_px: tuple[int, int, int]
    images_per_s: float
    unreadable: dict[str, str]
    misnamed: Names
    repeated: tuple[Names, ...]
    without_metadata: Names
    without_image: Names
    equal: tuple[Names, ...]
    near_equal: tuple[Names, ...]

    @property
    def usable(self) -> bool:
        """Whether training and index take the folder as it is; equal and near-equal images are only worth a look."""
        faults = (self.unreadable, self.misnamed, self.repeated, self.without_metadata, self.without_image)
        return not any(faults)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Examined:
    """One file: its width, hash of its pixels and fingerprint; or what is wrong with it."""

    width_px: int = 0
    digest: bytes = b""
    fingerprint: Fingerprint | None = None
    fault: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `inspect`."""
    parser.add_argument("folder", type=Path, help="folder of card images")
    parser.add_argument(
        "--metadata", type=Path, help="JSON file: card id -> details; without it, names are not checked"
    )
    parser.add_argument("--output", type=Path, help="JSON file for the whole report")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")


def run(args: argparse.Namespace) -> int:
    """Inspect, print and perhaps write the report; returns 0 where the folder can be used as it is, else 1.

    Raises:
        ConfigurationError: if the folder or the metadata cannot be read.
    """
    metadata = read_metadata(args.metadata) if args.metadata else None
    inspection = inspect_folder(args.folder, metadata, args.workers)
    if args.output:
        try:
            args.output.parent.mkdir(parents=True, exist_ok=True)
            args.output.write_text(json.dumps(asdict(inspection), indent=1) + "\n", encoding="utf-8")
        except OSError as cause:
            raise ConfigurationError(f"cannot write the report {args.output}: {cause.strerror}") from cause
    sys.stdout.write(describe(inspection, args.folder))
    return 0 if inspection.usable else 1


def inspect_folder(folder: Path, metadata: dict[str, CardDetails] | None, workers: int) -> Inspection:
    """Decode every image of a folder and compare all with each other and with the metadata.

    Raises:
        ConfigurationError: if the folder is none, or holds no images.
    """
    paths = image_files(folder)
    named, misnamed = _named(paths)
    start = time.perf_counter()
    examined = dict(zip(paths, _examine_all(paths, workers), strict=True))
    elapsed_s = time.perf_counter() - start
    readable = [path for path in paths if not examined[path].fault]
    per_card = Counter(named.values())
    known = set(metadata) if metadata is not None else set(per_card)
    widths = sorted(examined[path].width_px for path in readable) or [0]
    equal = _equal(readable, examined)
    return Inspection(
        files=len(paths),
        cards=len(per_card),
        images_per_card=dict(sorted(Counter(per_card.values()).items())),
        formats=dict(Counter(path.suffix.lower() for path in paths)),
        widths_px=(widths[0], widths[len(widths) // 2], widths[-1]),
        images_per_s=round(len(paths) / elapsed_s, 1),
        unreadable={path.name: examined[path].fault for path in paths if examined[path].fault},
        misnamed=misnamed,
        repeated=tuple(tuple(path.name for path in files) for files in repeated_files(paths)),
        without_metadata=tuple(sorted(set(per_card) - known)),
        without_image=tuple(sorted(known - set(per_card))),
        equal=equal,
        near_equal=_near_equal(readable, examined, named, equal),
    )


def describe(inspection: Inspection, folder: Path) -> str:
    """The report for a person."""
    per_card = ", ".join(f"{cards} with {images}" for images, cards in inspection.images_per_card.items())
    formats = ", ".join(f"{count} {suffix}" for suffix, count in inspection.formats.items())
    least, median, greatest = inspection.widths_px
    lines = [
        f"{folder}: {inspection.files} images ({formats}) of {inspection.cards} cards ({per_card})",
        f"widths {least} to {greatest} px, median {median}; {inspection.images_per_s:.0f} images/s decoded",
        _listed("unreadable", (f"{name}: {fault}" for name, fault in inspection.unreadable.items())),
        _listed("misnamed", inspection.misnamed),
        _listed("one image in several files", (" = ".join(group) for group in inspection.repeated)),
        _listed("cards without metadata", inspection.without_metadata),
        _listed("cards without an image", inspection.without_image),
        _listed("equal images", (" = ".join(group) for group in inspection.equal)),
        _listed("near-equal images of different cards", (" ~ ".join(group) for group in inspection.near_equal)),
        "usable as it is" if inspection.usable else "NOT usable: mend what is listed above equal images",
    ]
    return "\n".join(lines) + "\n"


def _listed(title: str, entries: Iterable[str]) -> str:
    found = list(entries)
    shown = "".join(f"\n  {entry}" for entry in found[:_LISTED])
    more = f"\n  and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"{title}: {len(found)}{shown}{more}"


def _named(paths: Sequence[Path]) -> tuple[dict[Path, str], Names]:
    """The card of each file, and the names of the files that do not tell it."""
    named: dict[Path, str] = {}
    misnamed: list[str] = []
    for path in paths:
        try:
            named[path] = card_id_of(path)
        except ConfigurationError:
            misnamed.append(path.name)
    return named, tuple(misnamed)


def _examine_all(paths: Sequence[Path], workers: int) -> list[_Examined]:
    examined: list[_Examined] = []
    for one in in_processes(_examine, paths, workers):
        examined.append(one)
        if len(examined) % _PROGRESS_EVERY == 0:
            sys.stderr.write(f"decoded {len(examined)} of {len(paths)} images\n")
    return examined


def _examine(path: Path) -> _Examined:
    cv2.setNumThreads(1)
    try:
        photo = decode(path, backdrop=None)
        card = card_image(photo.image, path)
    except ImageError as cause:
        return _Examined(fault=str(cause))
    return _Examined(
        width_px=photo.width, digest=hashlib.sha256(card.tobytes()).digest(), fingerprint=fingerprint(card)
    )


def _equal(paths: Sequence[Path], examined: dict[Path, _Examined]) -> tuple[Names, ...]:
    groups: dict[bytes, list[str]] = {}
    for path in paths:
        groups.setdefault(examined[path].digest, []).append(path.name)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def _near_equal(
    paths: Sequence[Path], examined: dict[Path, _Examined], named: dict[Path, str], equal: tuple[Names, ...]
) -> tuple[Names, ...]:
    """Groups of near-equal images, each set of equal ones represented by its first, of two or more cards."""
    repeats = {name for group in equal for name in group[1:]}
    single = [path for path in paths if path in named and path.name not in repeats]
    prints = [found for path in single if (found := examined[path].fingerprint) is not None]
    if not prints:
        return ()
    groups = [[single[number] for number in group] for group in group_fingerprints(prints)]
    return tuple(tuple(path.name for path in group) for group in groups if len({named[path] for path in group}) > 1)
