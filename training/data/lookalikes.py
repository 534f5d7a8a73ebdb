"""Finds groups of look-alikes in a gallery, and cuts out the references by which the scanner tells them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import REFERENCES_FOLDER, LookalikeGroup, LookalikeMember, Window
from edge.geometry import Image
from edge.imaging.hashing import perceptual_hash
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.recognition.verification import DIFFERENT, anchor_image, blurred
from training.data.gallery import GalleryImage

HASH_SIZE = 16
_HASH_TOLERANCE = 0.12
THUMBNAIL_SIZE = (63, 88)
_PIXEL_TOLERANCE = 0.6
_DIFFERENT_SHARE = 0.08
_CHUNK = 1024
_WINDOW_SIZE = (96, 48)
_COVERED_SHARE = 2 / 3
_GREATEST_PAIR_COUNT = 4
_GREATEST_WINDOW_COUNT = 16
_ALIGNED_PX = 0.5
_ECC_SCALE = 0.5

# A perceptual hash, and a small grey picture.
Fingerprint = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalikes:
    """The look-alikes of a gallery.

    Attributes:
        groups: as a bundle stores them.
        references: file name -> PNG.
    """

    groups: tuple[LookalikeGroup, ...]
    references: dict[str, bytes]


def fingerprint(card: Image) -> Fingerprint:
    """What `group_fingerprints` compares: a perceptual hash, and a small grey picture, uint8 [88, 63]."""
    grey = cv2.resize(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
    return perceptual_hash(card, HASH_SIZE), np.asarray(grey, dtype=np.uint8)


def group_fingerprints(fingerprints: Sequence[Fingerprint]) -> list[list[int]]:
    """Groups of two or more images that are the same but for a small part of their area.

    Two images belong together if at most 12 % of their hashes' bits differ, and at most 8 % of their small pictures'
    pixels differ by more than 0.6 standard deviations.
    """
    parents = list(range(len(fingerprints)))
    for first, second in _near_hashes(np.stack([bits for bits, _ in fingerprints])):
        difference = np.abs(_standardized(fingerprints[first][1]) - _standardized(fingerprints[second][1]))
        if (difference > _PIXEL_TOLERANCE).mean() <= _DIFFERENT_SHARE:
            parents[_root(parents, second)] = _root(parents, first)
    groups: dict[int, list[int]] = {}
    for index in range(len(parents)):
        groups.setdefault(_root(parents, index), []).append(index)
    return [members for members in groups.values() if len(members) > 1]


def _standardized(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The picture with mean 0 and deviation 1."""
    values = grey.astype(np.float32)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1.0), dtype=np.float32)


def cut_references(images: Sequence[GalleryImage], groups: Sequence[Sequence[int]]) -> Lookalikes:
    """Make the references of groups of images; groups of one card's variants alone are left out.

    Raises:
        ImageError: if an image can no longer be read.
    """
    made: list[LookalikeGroup] = []
    references: dict[str, bytes] = {}
    for numbers in groups:
        members = [images[number] for number in numbers]
        if len({member.card_id for member in members}) < 2:
            continue
        group, files = _cut_group(members)
        made.append(group)
        references |= files
    return Lookalikes(groups=tuple(made), references=references)


def difference_windows(cards: Sequence[Image]) -> tuple[Window, ...]:
    """Windows of 12 x 6 mm that hold most of what tells each pair of registered cards apart.

    Every pair gets up to four windows where it differs most, until they hold two thirds of its difference; pairs share
    windows where they can. A group needs no more than its sixteen first.
    """
    pixels = [blurred(card) for card in cards]
    windows: list[Window] = []
    for first, second in combinations(pixels, 2):
        spread = np.abs(first - second).max(axis=2)
        spread[spread < DIFFERENT] = 0
        windows.extend(_pair_windows(spread, windows))
    return tuple(windows[:_GREATEST_WINDOW_COUNT])


def _pair_windows(spread: NDArray[np.float32], windows: Sequence[Window]) -> list[Window]:
    wanted = (1 - _COVERED_SHARE) * float(spread.sum())
    for x, y, width, height in windows:
        spread[y : y + height, x : x + width] = 0
    width, height = _WINDOW_SIZE
    added: list[Window] = []
    while float(spread.sum()) > wanted and len(added) < _GREATEST_PAIR_COUNT:
        energy = cv2.boxFilter(spread, -1, _WINDOW_SIZE, normalize=False, borderType=cv2.BORDER_CONSTANT)
        _, _, _, (x, y) = cv2.minMaxLoc(energy)
        left = int(np.clip(x - width // 2, 0, RECTIFIED_WIDTH - width))
        top = int(np.clip(y - height // 2, 0, RECTIFIED_HEIGHT - height))
        spread[top : top + height, left : left + width] = 0
        added.append((left, top, width, height))
    return added


def laid_on(card: Image, target: Image) -> Image:
    """Move `card` by an affine map so that it lies on `target`; unchanged where it does so already (to half a pixel).

    The map maximises the enhanced correlation coefficient (Evangelidis and Psarakis 2008).
    """
    greys = [
        cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), None, fx=_ECC_SCALE, fy=_ECC_SCALE)
        for image in (target, card)
    ]
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-5)
    try:
        _, found = cv2.findTransformECC(greys[0], greys[1], np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, criteria)
    except cv2.error:  # the two have nothing in common to be registered by
        return card
    matrix = np.asarray(found, dtype=np.float64)
    matrix[:, 2] /= _ECC_SCALE
    corners = np.array([[x, y, 1] for x in (0, RECTIFIED_WIDTH) for y in (0, RECTIFIED_HEIGHT)], dtype=np.float64)
    if np.abs(corners @ matrix.T - corners[:, :2]).max() < _ALIGNED_PX:
        return card
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (RECTIFIED_WIDTH, RECTIFIED_HEIGHT)
    return np.asarray(cv2.warpAffine(card, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _near_hashes(hashes: NDArray[np.uint8]) -> list[tuple[int, int]]:
    signs = np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1
    least = signs.shape[1] * (1 - 2 * _HASH_TOLERANCE)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(signs), _CHUNK):
        first, second = np.nonzero(signs[start : start + _CHUNK] @ signs.T >= least)
        pairs.extend((int(a) + start, int(b)) for a, b in zip(first, second, strict=True) if a + start < b)
    return pairs


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index


def _cut_group(members: Sequence[GalleryImage]) -> tuple[LookalikeGroup, dict[str, bytes]]:
    cards = [members[0].load()]
    cards.extend(laid_on(member.load(), cards[0]) for member in members[1:])
    windows = difference_windows(cards)
    names = [f"{REFERENCES_FOLDER}/{member.card_id}.{member.variant}.png" for member in members]
    anchor = f"{REFERENCES_FOLDER}/{members[0].card_id}.{members[0].variant}.anchor.png"
    files = {name: _png(_only(card, windows)) for name, card in zip(names, cards, strict=True)}
    files[anchor] = _png(anchor_image(cards[0]))
    group = LookalikeGroup(
        anchor=anchor,
        windows=windows,
        members=tuple(
            LookalikeMember(card_id=member.card_id, file=name) for member, name in zip(members, names, strict=True)
        ),
    )
    return group, files


def _only(card: Image, windows: Sequence[Window]) -> Image:
    kept = np.zeros_like(card)
    for x, y, width, height in windows:
        kept[y : y + height, x : x + width] = card[y : y + height, x : x + width]
    return kept


def _png(image: Image) -> bytes:
    _, encoded = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return bytes(encoded.tobytes())
