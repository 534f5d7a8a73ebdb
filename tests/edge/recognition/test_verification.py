import json
import os
import shutil
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.bundle import dump_lookalikes
from edge.database.search import CardDatabase, Match
from edge.errors import DatabaseError
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH, rectify
from edge.manifests import file_sha256, read_model_manifest
from edge.recognition.verification import Verification, Verifier
from edge.simulator.card import render_card
from edge.simulator.sets import CardSpec, demo_cards
from training.data.gallery import GalleryImage
from training.data.lookalikes import cut_references

ROOT = Path(__file__).resolve().parents[3]
CARDS = {card.card_id: card for card in demo_cards()}
REPRINTS = [card for card in CARDS.values() if card.lookalike_of][::34]
PAIRS = [(CARDS[str(card.lookalike_of)], card) for card in REPRINTS]
BIG_GROUP = [
    replace(REPRINTS[0], card_id=f"big-{number}", number=number, set_code="big", symbol_seed=seed)
    for seed, number in enumerate(["007", "045", "046", "101", "110"])
]


@cache
def rendered(card: CardSpec, px_per_mm: float = 8.0, offset_mm: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    return render_card(card, px_per_mm, offset_mm)


def picture_of(card: CardSpec) -> str:
    """Equal for cards that look the same."""
    return repr(replace(card, card_id=""))


def database_of(folder: Path, groups: Sequence[Sequence[CardSpec]]) -> CardDatabase:
    cards = [card for group in groups for card in group] + [PLAIN]
    ids = [card.card_id for card in cards]
    images = [
        GalleryImage(card_id=card.card_id, variant=ids[:place].count(card.card_id), load=partial(rendered, card))
        for place, card in enumerate(cards)
    ]
    starts = np.cumsum([0, *(len(group) for group in groups)])
    numbers = [range(start, start + len(group)) for start, group in zip(starts, groups, strict=False)]
    lookalikes = cut_references(images, numbers, [picture_of(card) for card in cards])
    gallery = made_up_gallery(random_unit_vectors(np.random.default_rng(0), 2 * len(cards), 16))
    details = next(iter(gallery.metadata.values()))
    gallery = replace(
        gallery,
        rows=[replace(row, card_id=cards[int(row.card_id)].card_id) for row in gallery.rows],
        metadata={card.card_id: details for card in cards},
        lookalikes=lookalikes.groups,
        references=lookalikes.references,
    )
    write_bundle(folder / "bundle", gallery)
    return CardDatabase.open(folder / "bundle", gallery.model)


SETS_OF_PAIRS = {card.set_code for pair in PAIRS for card in pair}
PLAIN = next(card for card in CARDS.values() if card.lookalike_of is None and card.set_code not in SETS_OF_PAIRS)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory) -> Verifier:
    return Verifier(database_of(tmp_path_factory.mktemp("verification"), [*PAIRS, BIG_GROUP]))


def matches(*cards: CardSpec) -> list[Match]:
    return [Match(card_id=card.card_id, distance=0.1, rotation=0) for card in cards]


def captured(card: CardSpec, rng: np.random.Generator, px_per_mm: float, corner_error: float = 0.005) -> np.ndarray:
    """A rectified card from a tilted, blurred, noisy picture, its print off centre and its corners not quite right."""
    original = rendered(card, 10.0, (0.4, -0.3))
    width, height = 63 * px_per_mm, 88 * px_per_mm
    quad = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + 0.15 * height
    quad += rng.uniform(-0.04, 0.04, (4, 2)) * width
    source = np.array([[0, 0], [630, 0], [630, 880], [0, 880]], dtype=np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(source, quad.astype(np.float32))
    size = (round(1.3 * width), round(1.3 * height))
    picture = cv2.GaussianBlur(cv2.warpPerspective(original, matrix, size, flags=cv2.INTER_AREA), (0, 0), 0.8)
    noisy = picture * rng.uniform(0.6, 1.1, 3) + rng.normal(0, 5, picture.shape)
    return rectify(np.clip(noisy, 0, 255).astype(np.uint8), quad + rng.normal(0, corner_error * width, (4, 2)))


@pytest.mark.parametrize("px_per_mm", [6.0, 10.0])
def test_reprints_are_told_apart(verifier: Verifier, px_per_mm: float):
    rng = np.random.default_rng(0)
    verdicts = []
    for pair in PAIRS:
        for card, listed in ((pair[0], pair), (pair[1], pair), (pair[1], pair[::-1])):
            found = verifier.verify(captured(card, rng, px_per_mm), matches(*listed))
            assert found is not None
            verdicts.append((found.decided, found.card_id == card.card_id))
    assert len(verdicts) >= 15
    assert all(right for decided, right in verdicts if decided)
    assert np.mean([decided for decided, _ in verdicts]) >= 0.9


def test_a_group_of_many_is_told_apart_even_where_the_search_missed_the_card(verifier: Verifier):
    rng = np.random.default_rng(1)
    for number, card in enumerate(BIG_GROUP):
        found = verifier.verify(captured(card, rng, 10.0), matches(BIG_GROUP[(number + 1) % 5], BIG_GROUP[number - 1]))
        assert found is not None
        assert found.decided
        assert found.card_id == card.card_id
        assert set(found.evidence) == {member.card_id for member in BIG_GROUP}


def test_a_card_without_lookalikes_needs_no_check(verifier: Verifier):
    assert verifier.verify(rendered(PLAIN), matches(PLAIN, PAIRS[0][0])) is None
    assert verifier.verify(rendered(PLAIN), []) is None


def test_the_images_of_one_card_are_no_lookalikes(tmp_path: Path):
    database = database_of(tmp_path, PAIRS[:1])
    [group] = database.lookalikes
    members = tuple(member.model_copy(update={"card_id": PAIRS[0][0].card_id}) for member in group.members)
    (database.path / "lookalikes.json").write_bytes(dump_lookalikes((group.model_copy(update={"members": members}),)))
    listed = database.manifest.files | {"lookalikes.json": file_sha256(database.path / "lookalikes.json")}
    manifest = database.manifest.model_copy(update={"files": listed})
    (database.path / "manifest.json").write_text(manifest.model_dump_json())
    model = made_up_gallery(np.eye(2, 16, dtype=np.float32)).model
    verifier = Verifier(CardDatabase.open(database.path, model))
    assert verifier.verify(rendered(PAIRS[0][0]), matches(PAIRS[0][0])) is None


def test_what_cannot_be_read_is_not_decided(verifier: Verifier):
    for pair in PAIRS:
        covered = rendered(pair[0]).copy()
        covered[RECTIFIED_HEIGHT // 2 :] = 128
        covered += np.random.default_rng(2).integers(0, 20, covered.shape, dtype=np.uint8)
        assert undecided(verifier.verify(covered, matches(*pair)))


def test_another_card_is_not_decided(verifier: Verifier):
    assert all(undecided(verifier.verify(rendered(PLAIN), matches(*pair))) for pair in PAIRS)


def test_an_upside_down_card_is_not_decided(verifier: Verifier):
    for pair in PAIRS:
        turned = np.ascontiguousarray(rendered(pair[0])[::-1, ::-1])
        assert undecided(verifier.verify(turned, matches(*pair)))


def test_equal_images_are_never_decided(tmp_path: Path):
    twin = replace(PLAIN, card_id="twin-1")
    verifier = Verifier(database_of(tmp_path, [(PAIRS[0][0], replace(PAIRS[0][0], card_id="twin-1"))]))
    found = verifier.verify(rendered(PAIRS[0][0]), matches(twin))
    assert undecided(found)


def test_members_with_equal_images_share_one_and_tie(tmp_path: Path):
    twins = [PAIRS[0][0], replace(PAIRS[0][0], card_id="twin-1"), PAIRS[0][1]]
    database = database_of(tmp_path, [twins])
    assert len(json.loads((database.path / "references.json").read_bytes())) == 3
    verifier, rng = Verifier(database), np.random.default_rng(3)
    found = verifier.verify(captured(twins[2], rng, 10.0), matches(*twins))
    assert found is not None
    assert found.decided
    assert found.card_id == twins[2].card_id
    assert undecided(verifier.verify(captured(twins[0], rng, 10.0), matches(*twins)))


def test_a_damaged_reference_is_named(tmp_path: Path):
    database = database_of(tmp_path, PAIRS[:1])
    file = database.lookalikes[0].members[0].file
    start, length = json.loads((database.path / "references.json").read_bytes())[file]
    with (database.path / "references.bin").open("r+b") as pictures:
        pictures.seek(start)
        pictures.write(bytes(length))
    with pytest.raises(DatabaseError, match=f"{file} is not a reference image"):
        Verifier(database).verify(rendered(PAIRS[0][0]), matches(*PAIRS[0]))
    os.truncate(database.path / "references.bin", start)
    with pytest.raises(DatabaseError, match=r"references.bin was cut short"):
        Verifier(database).verify(rendered(PAIRS[0][0]), matches(*PAIRS[0]))


def test_a_database_replaced_on_disk_does_not_disturb_the_verifier(tmp_path: Path):
    database = database_of(tmp_path, PAIRS[:1])
    verifier = Verifier(database)
    shutil.rmtree(database.path)
    found = verifier.verify(rendered(PAIRS[0][1])[:RECTIFIED_HEIGHT, :RECTIFIED_WIDTH], matches(*PAIRS[0]))
    assert found is not None
    assert found.card_id == PAIRS[0][1].card_id


def test_a_card_with_two_images_is_compared_with_the_look_alikes_of_both(tmp_path: Path):
    """The second pair's original is another picture of the first one's."""
    (first, reprint), (second, other) = PAIRS[:2]
    verifier = Verifier(database_of(tmp_path, [(first, reprint), (replace(second, card_id=first.card_id), other)]))
    rng = np.random.default_rng(4)
    shown = [(first, first), (reprint, reprint), (second, first), (other, other)]
    for card, named in shown:
        found = verifier.verify(captured(card, rng, 10.0), matches(first, reprint, other))
        assert found is not None
        assert (found.decided, found.card_id) == (True, named.card_id)


def test_what_one_group_leaves_open_another_of_the_same_art_does_not_decide(tmp_path: Path):
    """A twin has the very picture of the first card, whose other image leads over the third."""
    first, third = BIG_GROUP[:2]
    twin = replace(first, card_id="twin-1")
    verifier = Verifier(database_of(tmp_path, [(first, twin), (first, third)]))
    shown = captured(first, np.random.default_rng(5), 10.0)
    assert undecided(verifier.verify(shown, matches(first, twin, third)))


def undecided(found: Verification | None) -> bool:
    return found is not None and not found.decided


def test_decoded_references_are_bounded_in_bytes():
    database = CardDatabase.open(ROOT / "database" / "demo", read_model_manifest(ROOT / "models" / "demo.json"))
    verifier = Verifier(database)
    card = np.zeros((RECTIFIED_HEIGHT, RECTIFIED_WIDTH, 3), np.uint8)
    tracemalloc.start()
    for group in database.lookalikes:
        verifier.verify(card, [Match(card_id=group.members[0].card_id, distance=0.1, rotation=0)])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 5_000_000
