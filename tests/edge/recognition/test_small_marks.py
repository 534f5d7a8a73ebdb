"""Cards that differ in a digit, a year or a small stamp alone are told apart surely, or not at all."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.search import CardDatabase, Match
from edge.geometry import Image
from edge.imaging.rectification import rectify
from edge.recognition.verification import Verification, Verifier
from edge.simulator.card import render_card
from edge.simulator.sets import CardSpec, unknown_cards
from training.data.gallery import GalleryImage
from training.data.lookalikes import cut_references

PX_PER_MM = 8.0
CARDS = unknown_cards(600)[::150]


def digit(card: CardSpec) -> tuple[Image, Image]:
    """The last digit of the number is another one."""
    last = (int(card.number[-1]) + 1 + card.art_seed % 8) % 10
    other = replace(card, number=f"{card.number[:-1]}{last}")
    return render_card(card, PX_PER_MM), render_card(other, PX_PER_MM)


def year(card: CardSpec) -> tuple[Image, Image]:
    """The last digit of a year, 1.3 mm high, is another one."""
    first, second = (render_card(card, PX_PER_MM) for _ in range(2))
    for picture, text in ((first, "c1995-1999"), (second, "c1995-1998")):
        cv2.putText(picture, text, (208, 676), cv2.FONT_HERSHEY_SIMPLEX, 0.47, (30, 30, 30), 1, cv2.LINE_AA)
    return first, second


def stamp(card: CardSpec) -> tuple[Image, Image]:
    """One has a stamp of 3 mm."""
    plain = render_card(card, PX_PER_MM)
    stamped = plain.copy()
    for radius, ink in ((12, (20, 20, 20)), (9, (230, 230, 230))):
        cv2.circle(stamped, (416, 400), radius, ink, -1, cv2.LINE_AA)
    cv2.putText(stamped, "1", (412, 405), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 2, cv2.LINE_AA)
    return plain, stamped


def captured(picture: Image, rng: np.random.Generator, px_per_mm: float) -> Image:
    """Rectified from a tilted, blurred, noisy picture, its corners not quite right."""
    height, width = picture.shape[:2]
    size = np.array([63, 88]) * px_per_mm
    quad = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size + 0.15 * size[1]
    quad += rng.uniform(-0.04, 0.04, (4, 2)) * size[0]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(source, quad.astype(np.float32))
    seen = cv2.warpPerspective(picture, matrix, tuple(np.round(1.3 * size).astype(int)), flags=cv2.INTER_AREA)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.8) * rng.uniform(0.6, 1.1, 3) + rng.normal(0, 5, seen.shape)
    return rectify(np.clip(seen, 0, 255).astype(np.uint8), quad + rng.normal(0, 0.005 * size[0], (4, 2)))


def verifier_of(folder: Path, pairs: list[tuple[Image, Image]]) -> Verifier:
    """Of a database in which each pair is a group of look-alikes."""
    pictures = {f"{number}-{member}": pair[member] for number, pair in enumerate(pairs) for member in (0, 1)}
    images = [GalleryImage(card_id=key, variant=0, load=picture.copy) for key, picture in pictures.items()]
    groups = [range(first, first + 2) for first in range(0, len(images), 2)]
    lookalikes = cut_references(images, groups, list(pictures))
    gallery = made_up_gallery(random_unit_vectors(np.random.default_rng(0), 2 * len(images), 16))
    details = next(iter(gallery.metadata.values()))
    gallery = replace(
        gallery,
        rows=[replace(row, card_id=images[int(row.card_id)].card_id) for row in gallery.rows],
        metadata=dict.fromkeys(pictures, details),
        lookalikes=lookalikes.groups,
        references=lookalikes.references,
    )
    write_bundle(folder / "bundle", gallery)
    return Verifier(CardDatabase.open(folder / "bundle", gallery.model))


def answers(verifier: Verifier, pairs: list[tuple[Image, Image]]) -> list[tuple[bool, Verification]]:
    """Whether the right card was named, and what was found, for looks at every card."""
    rng, found = np.random.default_rng(7), []
    for number, pair in enumerate(pairs):
        for member in (0, 1):
            for px_per_mm in (4.0, 8.0):
                listed = [Match(card_id=f"{number}-{each}", distance=0.1, rotation=0) for each in (1 - member, member)]
                answer = verifier.verify(captured(pair[member], rng, px_per_mm), listed)
                assert answer is not None
                found.append((answer.card_id == listed[1].card_id, answer))
    return found


@pytest.mark.parametrize("twins", [digit, year, stamp])
def test_small_marks_are_never_decided_wrongly(twins, tmp_path: Path):
    pairs = [twins(card) for card in CARDS]
    found = answers(verifier_of(tmp_path, pairs), pairs)
    decided = [right for right, answer in found if answer.decided]
    assert all(decided)
    if twins is stamp:
        assert len(decided) >= 0.75 * len(found)
