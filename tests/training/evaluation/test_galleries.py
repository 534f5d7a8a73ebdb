from pathlib import Path

import numpy as np
import pytest

from edge.database.build import write_bundle
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError
from tests.training.conftest import write_card_folder
from tests.training.index.conftest import CARDS, ORIGINAL, OTHERS, REPRINT
from training.calibration.left_out import WithoutCards
from training.data.card_folder import folder_gallery
from training.evaluation.galleries import gallery_of, joined, part_of


@pytest.fixture(scope="module")
def made(tmp_path_factory, model: Path):
    """A bundle of five cards, its embedder and its images."""
    folder = tmp_path_factory.mktemp("galleries")
    write_card_folder(folder, CARDS.values())
    images, metadata = folder_gallery(folder / "cards", folder / "cards.json")
    first = [image for image in images if image.variant == 0]
    embedder = OnnxEmbedder(model)
    write_bundle(folder / "bundle", gallery_of(first, metadata, embedder))
    return folder / "bundle", embedder, first


def test_a_part_of_a_bundle_is_searched_like_the_whole(made, tmp_path):
    bundle, embedder, images = made
    whole = part_of(bundle, embedder.manifest, len(CARDS))
    assert {member.card_id for group in whole.lookalikes for member in group.members} == {
        ORIGINAL.card_id,
        REPRINT.card_id,
    }
    write_bundle(tmp_path / "part", whole)
    database = CardDatabase.open(tmp_path / "part", embedder.manifest)
    for image in images:
        (embedding,) = embedder.embed([image.load()])
        (matches,) = database.search(embedding[None], 2)
        assert matches[0].distance < 1e-4
        assert database.hash_distances(image.load()).lead(image.card_id, database.alike(image.card_id)) > 0.1


def test_a_group_of_which_one_is_left_is_none(made):
    bundle, embedder, _ = made
    parts = [part_of(bundle, embedder.manifest, count) for count in (1, 2, 3)]
    for part in parts:
        members = [member.card_id for group in part.lookalikes for member in group.members]
        assert set(members) <= set(part.metadata)
        assert len(members) != 1


def test_two_galleries_are_one(made):
    bundle, embedder, images = made
    part = part_of(bundle, embedder.manifest, 1)
    (card_id,) = part.metadata
    other = gallery_of(
        [image for image in images if image.card_id != card_id],
        {**{each.card_id: part.metadata[card_id] for each in images}},
        embedder,
    )
    both = joined(part, other)
    assert len(both.metadata) == len(CARDS)
    assert both.embeddings.shape[0] == len(both.rows) == 2 * len(both.hashes)


def test_a_bundle_with_too_few_cards_is_refused(made):
    bundle, embedder, _ = made
    with pytest.raises(ConfigurationError, match="has no 6 cards"):
        part_of(bundle, embedder.manifest, 6)


def test_a_card_that_is_left_out_is_not_found_and_no_rival(made):
    bundle, embedder, images = made
    database = CardDatabase.open(bundle, embedder.manifest)
    image = next(each for each in images if each.card_id == OTHERS[0].card_id)
    (embedding,) = embedder.embed([image.load()])
    seen = WithoutCards(database, {image.card_id})
    (matches,) = seen.search(np.asarray(embedding[None]), 2)
    assert len(matches) == 2
    assert image.card_id not in {match.card_id for match in matches}
    lead = seen.hash_distances(image.load()).lead(matches[0].card_id, {matches[0].card_id})
    assert lead > database.hash_distances(image.load()).lead(matches[0].card_id, {matches[0].card_id})
