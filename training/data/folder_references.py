"""The digital originals of a folder of card images, decoded once, split into cards to learn and cards held out."""

import hashlib
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError
from edge.geometry import Image
from edge.wire.messages import CardDetails
from training.data.art_names import art_name
from training.data.card_folder import few, folder_gallery
from training.data.fingerprints import Fingerprint, fingerprint, group_fingerprints
from training.data.gallery import GalleryImage
from training.data.references import COLUMNS, ROWS, References, check_room
from training.data.whole_files import kept_or_made, whole_file
from training.errors import TrainingError
from training.parallel.processes import in_processes
from training.progress import Progress, to_stderr

HELD_OUT_SHARE = 0.1
_WORKERS = 2
_CODE_VERSION = b"4"
_TABLE = ".npz"


def folder_references(folder: Path, metadata_file: Path, cache: Path) -> tuple[References, References]:
    """The cards of a folder to learn, and those that are held out (see `split_gallery`).

    Every image is decoded the first time; the result is kept in `cache` until a file of the folder changes.

    Raises:
        ConfigurationError: if the folder or its metadata cannot be read.
        ImageError: if no image can be used.
        TrainingError: if there are too few cards, or the cache cannot be written.
    """
    images, metadata = folder_gallery(folder, metadata_file)
    learnt, held_out = split_gallery(images, metadata)
    if not (learnt and held_out):
        raise TrainingError(f"{folder} has too few cards to learn from some and hold out others; give more cards")
    return decoded_references(learnt, cache, _WORKERS), decoded_references(held_out, cache, _WORKERS)


def split_gallery(
    images: Sequence[GalleryImage], metadata: dict[str, CardDetails], share: float = HELD_OUT_SHARE
) -> tuple[list[GalleryImage], list[GalleryImage]]:
    """Images to learn from, and images of about `share` of the cards that are held out.

    The hash of its name, however spelled, decides on which side a card is: a card keeps its side when others are added,
    and reprints, which have the name of their original, are never learnt while it is held out.
    """
    learnt: list[GalleryImage] = []
    held_out: list[GalleryImage] = []
    for image in images:
        name = art_name(metadata[image.card_id].name)
        draw = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
        (held_out if draw < share else learnt).append(image)
    return learnt, held_out


def decoded_references(images: Sequence[GalleryImage], cache: Path, workers: int) -> References:
    """Decode images into a memory-mapped file, or map the one in `cache` where the same files were decoded before.

    Images that cannot be used are left out, and named on stderr. Images of one card, and near-equal images of different
    cards (reprints), have one label.

    Raises:
        ImageError: if none of them can be used.
        TrainingError: if the cache cannot be written.
    """
    path = cache / f"folder-{_fingerprint(images)}.bgr"
    try:
        used, labels, pixels = kept_or_made(path, partial(_kept, path), partial(_decode, images, path, workers))
    except OSError as cause:
        raise TrainingError(f"cannot write the decoded cards to {cache}: {cause.strerror or cause}") from cause
    return References(images=pixels, labels=labels, card_ids=tuple(images[number].card_id for number in used))


def labels_of(card_ids: Sequence[str], groups: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """One label for each art: equal for the images of one card, and for the images of each group of look-alikes.

    Args:
        card_ids: of each image.
        groups: image numbers that belong together.

    Returns:
        int64 [N], from 0 in the order of first appearance.
    """
    parents = {card_id: card_id for card_id in card_ids}

    def root(card_id: str) -> str:
        while parents[card_id] != card_id:
            card_id = parents[card_id]
        return card_id

    for first, *others in groups:
        for other in others:
            parents[root(card_ids[other])] = root(card_ids[first])
    roots = [root(card_id) for card_id in card_ids]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[name] for name in roots], np.int64)


def _kept(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]] | None:
    """What was decoded: numbers of the images that can be used, their labels, their pixels; None unless it is whole."""
    try:
        with np.load(path.with_suffix(_TABLE)) as table:
            used, labels = table["used"], table["labels"]
        if len(labels) == len(used) and path.stat().st_size == len(used) * ROWS * COLUMNS * 3:
            return used, labels, np.memmap(path, dtype=np.uint8, mode="r", shape=(len(used), ROWS, COLUMNS, 3))
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None
    return None


def _decode(images: Sequence[GalleryImage], path: Path, workers: int) -> None:
    """Write the images that can be used to `path`, which appears last, and beside it their numbers and labels."""
    check_room(path.parent, len(images))
    to_stderr(f"decoding {len(images)} card images, which are kept in {path.parent}\n")
    progress = Progress(len(images), "images")
    used: list[int] = []
    prints: list[Fingerprint] = []
    faults: list[str] = []
    with whole_file(path) as file:
        for number, outcome in enumerate(in_processes(_load, images, workers)):
            progress.add(1)
            if isinstance(outcome, str):
                faults.append(outcome)
                continue
            card, found = outcome
            file.write(card.tobytes())
            prints.append(found)
            used.append(number)
        said = f"{len(faults)} of {len(images)} card images cannot be used: {few(faults)}"
        if not used:
            raise ImageError(said)
        if faults:
            to_stderr(f"{said}\n")
        labels = labels_of([images[number].card_id for number in used], group_fingerprints(prints))
        with whole_file(path.with_suffix(_TABLE)) as table:
            np.savez(table, used=np.array(used), labels=labels)


def _load(image: GalleryImage) -> tuple[Image, Fingerprint] | str:
    """The card at the size of the references with its fingerprint, or why it cannot be read."""
    card = image.load_or_say()
    if isinstance(card, str):
        return card
    small = np.asarray(cv2.resize(card, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return small, fingerprint(small)


def _fingerprint(images: Sequence[GalleryImage]) -> str:
    """Hash of the files' names, sizes and times; their folder counts by what is in it, not by where it is."""
    files = [(image.file or _no_file(image)).resolve() for image in images]
    folder = Path(os.path.commonpath([file.parent for file in files]))
    digest = hashlib.sha256(_CODE_VERSION)
    for file in files:
        status = file.stat()
        digest.update(f"{file.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:24]


def _no_file(image: GalleryImage) -> NoReturn:
    raise TrainingError(f"the image of {image.card_id} does not come from a folder")
