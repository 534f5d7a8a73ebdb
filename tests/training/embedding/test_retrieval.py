import cv2
import numpy as np
import pytest

from tests.training.conftest import coarse_cards
from training.augmentation import AugmentationSettings
from training.data.references import References
from training.embedding.retrieval import Queries, disturbed_queries, measure_retrieval

CLEAN = AugmentationSettings(clean=1)


def colours(cards):
    """An embedding that can tell these cards apart: their blocks."""
    rows = np.stack([cv2.resize(card, (6, 8), interpolation=cv2.INTER_AREA).ravel() for card in cards]).astype(
        np.float32
    )
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def blind(cards):
    """An embedding that finds the first card in everything."""
    return np.eye(len(cards), 8, dtype=np.float32) * 0 + np.eye(1, 8, dtype=np.float32)


@pytest.fixture(scope="module")
def gallery():
    return References(images=coarse_cards(20), labels=np.arange(20), card_ids=tuple(map(str, range(20))))


def test_a_good_embedding_finds_every_card(gallery):
    result = measure_retrieval(colours, gallery, disturbed_queries(gallery, CLEAN, 10, (160, 224)))
    assert (result.recall_at_1, result.recall_at_5, result.hash_recall_at_1) == (1, 1, 1)
    assert result.true_distance < 0.01 < result.wrong_distance_p5
    assert 0 < result.margin_p5 < result.wrong_distance_p5
    assert (result.queries, result.gallery) == (10, 20)


def test_a_blind_embedding_finds_only_the_first_cards(gallery):
    result = measure_retrieval(blind, gallery, disturbed_queries(gallery, CLEAN, 20, (160, 224)))
    assert result.recall_at_1 == pytest.approx(1 / 20)
    assert result.recall_at_5 == pytest.approx(5 / 20)


def test_a_reprint_counts_as_found():
    images = coarse_cards(4)
    images[3] = images[0]
    gallery = References(images=images, labels=np.array([0, 1, 2, 0]), card_ids=tuple("abcd"))
    queries = Queries(crops=[images[0]], shown=np.array([3]))
    assert measure_retrieval(colours, gallery, queries).recall_at_1 == 1


def test_queries_are_always_the_same(gallery):
    first, again = (disturbed_queries(gallery, AugmentationSettings(), 3, (80, 112)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first.crops, again.crops, strict=True))
    assert np.array_equal(first.shown, again.shown)


def test_queries_are_of_all_sets():
    ids = tuple(f"{name}-{number}" for name in "abcd" for number in range(5))
    gallery = References(images=coarse_cards(20), labels=np.arange(20), card_ids=ids)
    queries = disturbed_queries(gallery, CLEAN, 4, (160, 224))
    assert {ids[card][0] for card in queries.shown} == set("abcd")
    for crop, card in zip(queries.crops, queries.shown, strict=True):
        assert np.abs(crop.astype(int) - cv2.resize(gallery.images[card], (160, 224))).mean() < 10
