from types import SimpleNamespace

import numpy as np
import pytest

from edge.imaging.hashing import perceptual_hash
from edge.imaging.rectification import upside_down
from training.evaluation import vectors
from training.evaluation.vectors import HASH_SIZES, hash_name, measure_vectors
from training.parallel.sharding import Shard

RNG = np.random.default_rng(0)
CARDS = [RNG.integers(0, 256, (64, 48, 3)).astype(np.uint8) for _ in range(20)]


class FirstPixel:
    """Tells a card, and which way up it lies, by its first pixel."""

    def embed(self, cards):
        return np.array([card[0, 0] for card in cards], np.float32)


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(vectors, "render_crop", lambda job: CARDS[job])
    held_out = SimpleNamespace(gallery=[SimpleNamespace(load=lambda card=card: card) for card in CARDS])
    return measure_vectors({"model": FirstPixel()}, held_out, [3, 19, 0], 1, Shard())


def test_the_gallery_is_upright_then_upside_down_and_crops_keep_their_order(measured):
    upright, turned = FirstPixel().embed(CARDS), FirstPixel().embed([upside_down(card) for card in CARDS])
    assert np.array_equal(measured.gallery["model"], np.concatenate([upright, turned]))
    assert np.array_equal(measured.queries["model"], upright[[3, 19, 0]])


@pytest.mark.parametrize("size", HASH_SIZES)
def test_the_distance_of_two_hashes_is_twice_the_share_of_bits_that_differ(measured, size):
    of_cards = measured.gallery[hash_name(size)][: len(CARDS)]
    assert np.linalg.norm(of_cards, axis=1) == pytest.approx(1, abs=1e-6)
    first, second = (np.unpackbits(perceptual_hash(card, size), count=size * size) for card in CARDS[:2])
    assert 1 - of_cards[0] @ of_cards[1] == pytest.approx(2 * np.mean(first != second), abs=1e-6)
