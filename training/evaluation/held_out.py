"""The cards that a model is judged on: none of them was trained on."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from edge.errors import ConfigurationError, ImageError
from edge.files.printing import printable
from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_PX_PER_MM
from edge.simulator.card import render_card
from edge.simulator.sets import CardSpec, demo_cards, unknown_cards
from edge.wire.messages import CardDetails
from training.data.art_names import art_name
from training.data.card_folder import folder_gallery
from training.data.fingerprints import Fingerprint, fingerprint, group_fingerprints
from training.data.folder_references import labels_of, split_gallery
from training.data.gallery import GalleryImage, square_corners

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """What is searched, and what is shown.

    Attributes:
        gallery: every image that is searched; several may show one card.
        known: images of the gallery whose cards are shown.
        unknown: images of cards that the gallery does not hold.
        arts: card id -> number of its art; look-alikes share one.
    """

    gallery: Sequence[GalleryImage]
    known: Sequence[GalleryImage]
    unknown: Sequence[GalleryImage]
    arts: Mapping[str, int]

    def lookalikes(self) -> frozenset[str]:
        """The cards whose art another card of the gallery shares."""
        cards = dict.fromkeys(image.card_id for image in self.gallery)
        arts = [self.arts[card_id] for card_id in cards]
        return frozenset(card_id for card_id in cards if arts.count(self.arts[card_id]) > 1)


def simulated_held_out(gallery_size: int) -> HeldOut:
    """Cards of the demo game as the gallery, and others that no database knows."""
    cards = demo_cards()[:gallery_size]
    gallery = simulated_images(cards)
    originals = [card.lookalike_of or card.card_id for card in cards]
    numbers = {original: number for number, original in enumerate(dict.fromkeys(originals))}
    return HeldOut(
        gallery=gallery,
        known=gallery,
        unknown=simulated_images(unknown_cards(gallery_size)),
        arts={card.card_id: numbers[original] for card, original in zip(cards, originals, strict=True)},
    )


def folder_held_out(folder: Path, metadata_file: Path) -> HeldOut:
    """A folder's held-out cards: half of them are known, half are left out of the gallery, which holds all others.

    A card that is left out while one of its art stays in the gallery is no unknown one: it is not shown, which is said
    on stderr.

    Raises:
        ConfigurationError: if the folder or its metadata cannot be read, or there are too few cards.
    """
    given, metadata = folder_gallery(folder, metadata_file)
    fingerprints = {image: found for image in given if (found := _fingerprint(image)) is not None}
    images = list(fingerprints)
    _, held_out = split_gallery(images, metadata)
    names = {image: art_name(metadata[image.card_id].name) for image in held_out}
    left_out = set(sorted(set(names.values()))[::2])
    gone = {image.card_id for image in held_out if names[image] in left_out}
    gallery = [image for image in images if image.card_id not in gone]
    labels = labels_of([image.card_id for image in images], group_fingerprints(list(fingerprints.values())))
    label_of = dict(zip((image.card_id for image in images), labels.tolist(), strict=True))
    arts = {image.card_id: label_of[image.card_id] for image in gallery}
    known = [image for image in held_out if image.card_id not in gone]
    unknown = [image for image in held_out if image.card_id in gone]
    strange = [image for image in unknown if label_of[image.card_id] not in set(arts.values())]
    if len(strange) < len(unknown):
        twins = len(unknown) - len(strange)
        sys.stderr.write(f"{twins} of {len(unknown)} cards left out are not shown: others of their art stay\n")
    if not (known and strange):
        raise ConfigurationError(f"{folder} has too few cards to hold some out; give more cards")
    return HeldOut(gallery=gallery, known=known, unknown=strange, arts=arts)


def half_unknown(
    folder: Path, metadata_file: Path
) -> tuple[list[GalleryImage], list[GalleryImage], dict[str, CardDetails]]:
    """One image of each card of a folder: of half of the arts as known, of the other half as unknown.

    Cards of one art, by their pictures or by their names however spelled, are on one side. The hash of a card's id
    decides on which, so that it keeps its side when others are added.

    Returns:
        Known images, unknown ones, and what is known of the cards.

    Raises:
        ConfigurationError: if the folder or its metadata cannot be read, or there are too few cards.
    """
    given, metadata = folder_gallery(folder, metadata_file)
    fingerprints = {
        image: found for image in given if image.variant == 0 and (found := _fingerprint(image)) is not None
    }
    images = list(fingerprints)
    by_name: dict[str, list[int]] = {}
    for number, image in enumerate(images):
        by_name.setdefault(art_name(metadata[image.card_id].name) or image.card_id, []).append(number)
    groups = [*group_fingerprints(list(fingerprints.values())), *by_name.values()]
    labels = labels_of([image.card_id for image in images], groups).tolist()
    keys = {label: image.card_id for image, label in reversed(list(zip(images, labels, strict=True)))}
    sides: tuple[list[GalleryImage], list[GalleryImage]] = ([], [])
    for image, label in zip(images, labels, strict=True):
        unknown = hashlib.sha256(keys[label].encode()).digest()[0] % 2 == 0
        sides[unknown].append(image)
    if not all(sides):
        raise ConfigurationError(f"{folder} has too few cards to leave half of them out; give more cards")
    return *sides, metadata


def chosen(items: Sequence[Item], count: int, seed: int) -> list[Item]:
    """`count` items in a random order, each as often as any other (to within one)."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(items)) for _ in range(-(-count // len(items)))]
    return [items[int(number)] for number in np.concatenate(orders)[:count]]


def _fingerprint(image: GalleryImage) -> Fingerprint | None:
    """Of an image of a folder; None, which is said on stderr, where it cannot be used."""
    try:
        return fingerprint(image.load())
    except ImageError as cause:
        sys.stderr.write(f"left out: {printable(str(cause))}\n")
        return None


def simulated_images(cards: Sequence[CardSpec]) -> list[GalleryImage]:
    """Simulated cards as images, rendered when they are loaded."""
    return [_rendered(card) for card in cards]


def _rendered(card: CardSpec) -> GalleryImage:
    return GalleryImage(card_id=card.card_id, variant=0, load=partial(_render, card))


def _render(card: CardSpec) -> Image:
    return square_corners(render_card(card, RECTIFIED_PX_PER_MM))
