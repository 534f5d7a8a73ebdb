import cv2
import numpy as np
import pytest

from edge.imaging.rectification import upside_down
from training.errors import TrainingError
from training.evaluation import condition_distances as module
from training.evaluation.condition_distances import (
    ConditionDistances,
    ConditionQueries,
    condition_distances,
    condition_queries,
)
from training.evaluation.crops import CONDITIONS

SIZE = (24, 32)


@pytest.fixture
def two_conditions(monkeypatch):
    monkeypatch.setattr(module, "CONDITIONS", {name: CONDITIONS[name] for name in ("clean", "foil")})


def colours(cards):
    """Embeds the mean colours of 4 x 3 tiles."""
    tiles = [cv2.resize(card, (3, 4), interpolation=cv2.INTER_AREA) for card in cards]
    rows = np.stack([tile.ravel().astype(np.float32) - tile.mean() for tile in tiles])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_same_cards_are_seen_under_each_condition(references, two_conditions, tmp_path):
    queries = condition_queries(references, 4, SIZE, tmp_path, workers=1)
    assert queries.pixels.shape == (2, 4, 32, 24, 3)
    assert sorted(set(queries.shown.tolist())) == sorted(queries.shown.tolist())
    own = colours([np.asarray(references.images[number]) for number in queries.shown])
    clean = colours(list(queries.pixels[0]))
    assert (clean @ own.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert not np.array_equal(queries.pixels[0], queries.pixels[1])


def test_crops_are_made_once(references, two_conditions, tmp_path):
    first = condition_queries(references, 2, SIZE, tmp_path, workers=1)
    (kept,) = tmp_path.glob("*.npy")
    written = kept.stat().st_mtime_ns
    again = condition_queries(references, 2, SIZE, tmp_path, workers=1)
    assert (again.key, kept.stat().st_mtime_ns) == (first.key, written)
    assert np.array_equal(again.pixels, first.pixels)
    assert condition_queries(references, 2, (48, 64), tmp_path, workers=1).key != first.key


def test_a_folder_that_cannot_be_written_is_named(references, two_conditions, tmp_path):
    with pytest.raises(TrainingError, match=r"cannot write the crops .*nowhere"):
        condition_queries(references, 1, SIZE, tmp_path / "nowhere", workers=1)


def test_the_art_counts_either_way_up(references):
    cards = [np.asarray(image) for image in references.images]
    seen = np.stack([np.stack([cards[5], cards[1]]), np.stack([upside_down(cards[0]), cards[2]])])
    queries = ConditionQueries(conditions=("a", "b"), pixels=seen, shown=np.array([0, 1]), key="")
    distances = condition_distances(colours, references, queries)
    # Cards 0 and 5 share a label; an upside-down card is found as the card it is; card 2 is not card 1.
    assert references.labels[5] == references.labels[0]
    assert distances.recalled().tolist() == [[True, True], [True, False]]
    assert distances.own[0] == pytest.approx([0, 0], abs=1e-5)
    expected = colours([cards[1], cards[2]])
    assert distances.own[1, 1] == pytest.approx(1 - float(expected[0] @ expected[1]), abs=1e-5)
    assert distances.other[1, 1] == pytest.approx(0, abs=1e-5)


def test_what_is_confirmed_is_nearer_than_nearly_all_others():
    other = np.linspace(0.2, 0.8, 1001, dtype=np.float32).reshape(7, 143)
    own = np.full_like(other, 0.25)
    own[0, 0] = 0.1
    distances = ConditionDistances(own=own, other=other)
    assert distances.confirmed(0.05).sum() == 1
    assert distances.confirmed(0.2).all()
    assert not distances.recalled()[0, 1]
