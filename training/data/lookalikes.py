"""Cuts out the references by which the scanner tells the look-alikes of a gallery apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.database.bundle import REFERENCES_FOLDER, LookalikeGroup, LookalikeMember, Window
from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.recognition.verification import anchor_image
from training.data.difference_windows import difference_windows
from training.data.gallery import GalleryImage

_ALIGNED_PX = 0.5
_ECC_SCALE = 0.5

# The images of a group, each with a digest of its pixels.
Members = tuple[tuple[GalleryImage, str], ...]
# A group, and file name -> PNG.
CutGroup = tuple[LookalikeGroup, dict[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalikes:
    """The look-alikes of a gallery.

    Attributes:
        groups: as a bundle stores them.
        references: file name -> PNG.
    """

    groups: tuple[LookalikeGroup, ...]
    references: dict[str, bytes]


def cut_references(
    images: Sequence[GalleryImage], groups: Iterable[Sequence[int]], digests: Sequence[str]
) -> Lookalikes:
    """Make the references of groups of images.

    Args:
        images: of the gallery.
        groups: numbers of images.
        digests: of each image, equal where the pixels are.

    Raises:
        ImageError: if an image can no longer be read.
    """
    return joined(map(cut_group, members_of(images, groups, digests)))


def members_of(
    images: Sequence[GalleryImage], groups: Iterable[Sequence[int]], digests: Sequence[str]
) -> list[Members]:
    """The members of each group, with their digests; groups of one card's variants alone are left out."""
    found = [tuple((images[number], digests[number]) for number in numbers) for numbers in groups]
    return [members for members in found if len({image.card_id for image, _ in members}) > 1]


def joined(groups: Iterable[CutGroup]) -> Lookalikes:
    """Several groups as a bundle holds them."""
    made = list(groups)
    references = {name: picture for _, pictures in made for name, picture in pictures.items()}
    return Lookalikes(groups=tuple(group for group, _ in made), references=references)


def cut_group(members: Members) -> CutGroup:
    """Make the references of one group; images with equal pixels share one.

    Raises:
        ImageError: if an image can no longer be read.
    """
    distinct: dict[str, GalleryImage] = {}
    for image, digest in members:
        distinct.setdefault(digest, image)
    first, *others = distinct.values()
    cards = [first.load()]
    cards.extend(laid_on(image.load(), cards[0]) for image in others)
    windows = difference_windows(cards)
    names = {digest: f"{REFERENCES_FOLDER}/{image.card_id}.{image.variant}.png" for digest, image in distinct.items()}
    anchor = f"{REFERENCES_FOLDER}/{first.card_id}.{first.variant}.anchor.png"
    pictures = {name: _png(_only(card, windows)) for name, card in zip(names.values(), cards, strict=True)}
    pictures[anchor] = _png(anchor_image(cards[0]))
    listed = tuple(LookalikeMember(card_id=image.card_id, file=names[digest]) for image, digest in members)
    return LookalikeGroup(anchor=anchor, windows=windows, members=listed), pictures


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


def _only(card: Image, windows: Sequence[Window]) -> Image:
    kept = np.zeros_like(card)
    for x, y, width, height in windows:
        kept[y : y + height, x : x + width] = card[y : y + height, x : x + width]
    return kept


def _png(image: Image) -> bytes:
    _, encoded = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return bytes(encoded.tobytes())
