"""`card-training inspect`: what is in a folder of card images, and what has to be mended before it is used."""

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2

from edge.errors import ConfigurationError, ImageError
from edge.files.outputs import check_replaceable
from edge.files.paths import named_path
from edge.files.printing import printable
from edge.imaging.decoding import decode
from training.data.card_folder import Findings, Names, survey_folder
from training.data.card_list import CardList, read_card_list
from training.data.fingerprints import Fingerprint, fingerprint, group_fingerprints
from training.data.gallery import card_and_margin
from training.parallel.processes import in_processes

_LISTED = 10
_PROGRESS_EVERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What is in a folder. Files are given by their path in it.

    Attributes:
        files: number of image files.
        cards: number of different cards that training and index take.
        images_per_card: number of images -> number of cards of which so many are taken.
        formats: suffix -> files.
        widths_px: least, median and greatest width.
        images_per_s: decoded, by all processes together.
        findings: what is left out or mended.
        margin_cut: scans whose white or black margin is cut off.
        equal: groups of files with equal pixels; a placeholder shows here.
        near_equal: groups of files, of different cards, that are the same but for small details: reprints.
    """

    files: int
    cards: int
    images_per_card: dict[int, int]
    formats: dict[str, int]
    widths_px: tuple[int, int, int]
    images_per_s: float
    findings: Findings
    margin_cut: Names
    equal: tuple[Names, ...]
    near_equal: tuple[Names, ...]

    @property
    def usable(self) -> bool:
        """Whether training and index take anything of the folder; equal and near-equal images are only worth a look."""
        return self.cards > 0

    @property
    def complete(self) -> bool:
        """Whether they take all of it as it is."""
        return self.usable and not self.findings.titled()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Examined:
    """One file: its width, hash of its pixels, fingerprint, whether a margin was cut off; or what is wrong with it."""

    width_px: int = 0
    digest: bytes = b""
    fingerprint: Fingerprint | None = None
    margin_cut: bool = False
    fault: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `inspect`."""
    parser.add_argument("folder", type=named_path, help="folder of card images")
    parser.add_argument(
        "--metadata", type=named_path, help="what the cards are: JSON or CSV; without it, names are not checked"
    )
    parser.add_argument("--output", type=named_path, help="JSON file for the whole report")
    parser.add_argument(
        "--strict", action="store_true", help="exit code 1 also where something is left out, filled in or ignored"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")


def run(args: argparse.Namespace) -> int:
    """Inspect, print and perhaps write the report; returns 0 where index takes the folder, else 1.

    Raises:
        ConfigurationError: if the folder or the metadata cannot be read.
    """
    known = read_card_list(args.metadata) if args.metadata else None
    if args.output:
        check_replaceable(args.output, b'"images_per_s"')
    inspection = inspect_folder(args.folder, known, args.workers)
    if args.output:
        try:
            args.output.parent.mkdir(parents=True, exist_ok=True)
            args.output.write_text(json.dumps(asdict(inspection), indent=1) + "\n", encoding="utf-8")
        except OSError as cause:
            raise ConfigurationError(f"cannot write the report {args.output}: {cause.strerror}") from cause
    sys.stdout.write(describe(inspection, args.folder))
    return 0 if inspection.complete or (inspection.usable and not args.strict) else 1


def inspect_folder(folder: Path, known: CardList | None, workers: int) -> Inspection:
    """Decode every image of a folder and compare all with each other and with the list of cards.

    Raises:
        ConfigurationError: if the folder is none, or holds no images.
    """
    found = survey_folder(folder, known)
    start = time.perf_counter()
    examined = dict(zip(found.files, _examine_all(found.files, workers), strict=True))
    elapsed_s = time.perf_counter() - start
    readable = [path for path in found.files if not examined[path].fault]
    shown = {image.file: image.card_id for image in found.images if image.file in readable}
    per_card = Counter(shown.values())
    widths = sorted(examined[path].width_px for path in readable) or [0]
    equal = _equal(readable, examined, folder)
    unreadable = {_name(path, folder): each.fault for path, each in examined.items() if each.fault}
    return Inspection(
        files=len(found.files),
        cards=len(per_card),
        images_per_card=dict(sorted(Counter(per_card.values()).items())),
        formats=dict(Counter(path.suffix.lower() for path in found.files)),
        widths_px=(widths[0], widths[len(widths) // 2], widths[-1]),
        images_per_s=round(len(found.files) / elapsed_s, 1),
        findings=replace(found.findings, unreadable=unreadable),
        margin_cut=tuple(_name(path, folder) for path in readable if examined[path].margin_cut),
        equal=equal,
        near_equal=_near_equal(shown, examined, equal, folder),
    )


def describe(inspection: Inspection, folder: Path) -> str:
    """The report for a person."""
    per_card = ", ".join(f"{cards} with {images}" for images, cards in inspection.images_per_card.items())
    formats = ", ".join(f"{count} {suffix}" for suffix, count in inspection.formats.items())
    least, median, greatest = inspection.widths_px
    lines = [
        f"{folder}: {inspection.files} images ({formats}), usable of {inspection.cards} cards ({per_card or 'none'})",
        f"widths {least} to {greatest} px, median {median}; {inspection.images_per_s:.0f} images/s decoded",
        *(_listed(title, entries) for title, entries in inspection.findings.titled().items()),
        _listed("scans whose margin is cut off", inspection.margin_cut),
        _listed("equal images", [" = ".join(group) for group in inspection.equal]),
        _listed("near-equal images of different cards", [" ~ ".join(group) for group in inspection.near_equal]),
        _verdict(inspection),
    ]
    return "\n".join(lines) + "\n"


def _verdict(inspection: Inspection) -> str:
    if inspection.complete:
        return "usable as it is"
    if inspection.usable:
        return "usable; index leaves out, or mends, what is named above (--output FILE names all of it)"
    return "NOT usable: no image is left"


def _listed(title: str, entries: Sequence[str]) -> str:
    shown = "".join(f"\n  {printable(entry)}" for entry in entries[:_LISTED])
    more = f"\n  and {len(entries) - _LISTED} more" if len(entries) > _LISTED else ""
    return f"{title}: {len(entries)}{shown}{more}"


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))


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
        card, margin_cut = card_and_margin(photo.image, path)
    except ImageError as cause:
        return _Examined(fault=str(cause))
    return _Examined(
        width_px=photo.width,
        digest=hashlib.sha256(card.tobytes()).digest(),
        fingerprint=fingerprint(card),
        margin_cut=margin_cut,
    )


def _equal(paths: Sequence[Path], examined: dict[Path, _Examined], folder: Path) -> tuple[Names, ...]:
    groups: dict[bytes, list[str]] = {}
    for path in paths:
        groups.setdefault(examined[path].digest, []).append(_name(path, folder))
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def _near_equal(
    shown: dict[Path, str], examined: dict[Path, _Examined], equal: tuple[Names, ...], folder: Path
) -> tuple[Names, ...]:
    """Groups of near-equal images, each set of equal ones represented by its first, of two or more cards."""
    repeats = {name for group in equal for name in group[1:]}
    single = [path for path in shown if _name(path, folder) not in repeats]
    prints = [found for path in single if (found := examined[path].fingerprint) is not None]
    if not prints:
        return ()
    groups = [[single[number] for number in group] for group in group_fingerprints(prints)]
    return tuple(
        tuple(_name(path, folder) for path in group) for group in groups if len({shown[path] for path in group}) > 1
    )
