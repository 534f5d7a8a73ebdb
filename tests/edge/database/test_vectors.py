import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from usearch.index import Index

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import Gallery, write_bundle
from edge.database.search import CardDatabase
from edge.database.vectors import of_unit_length, quantised, rounding_errors
from edge.manifests import file_sha256

DIMENSION = 256
# A component of less than 1/127 is 0 where the fraction is cut off; 255 of them are an eighth of a product.
ALMOST_A_STEP = 0.99 / 127


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def treacherous_gallery() -> tuple[Gallery, np.ndarray]:
    """A gallery whose first row is nearest to the query by 0.01, and behind 100 others where fractions are cut off."""
    nearest = np.full(DIMENSION, ALMOST_A_STEP)
    nearest[0] = 1
    others = np.full((101, DIMENSION), 0.7 / 127)
    others[:, 0] = others[np.arange(101), np.arange(1, 102)] = 0.5**0.5
    gallery = made_up_gallery(unit(np.concatenate([nearest[None], others])))
    return gallery, unit(np.ones(DIMENSION))


def cut_off_index(bundle: Path, embeddings: np.ndarray) -> None:
    """The index as usearch makes it of float32 vectors."""
    index = Index(ndim=embeddings.shape[1], metric="cos", dtype="i8")
    index.add(np.arange(len(embeddings), dtype=np.uint64), embeddings, threads=1)
    index.save(bundle / "usearch.index")
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"]["usearch.index"] = file_sha256(bundle / "usearch.index")
    (bundle / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("cut_off", [True, False], ids=["cut off by usearch", "rounded"])
def test_the_true_nearest_is_found_however_the_index_was_made(tmp_path: Path, cut_off: bool):
    gallery, query = treacherous_gallery()
    distances = 1 - gallery.embeddings @ query
    assert distances[0] + 0.01 < distances[1:].min()
    write_bundle(tmp_path / "bundle", gallery)
    if cut_off:
        cut_off_index(tmp_path / "bundle", gallery.embeddings)
    (matches,) = CardDatabase.open(tmp_path / "bundle", gallery.model).search(query[None], 1)
    assert matches[0].card_id == "0"
    assert matches[0].distance == pytest.approx(distances[0], abs=1e-6)


def products(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    directions = [vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (first, second)]
    return np.sum(directions[0] * directions[1], axis=1)


@settings(deadline=None, max_examples=50)
@given(arrays.arrays(np.int16, (2, 12)).filter(lambda pair: pair.any(axis=1).all()))
def test_a_product_is_never_farther_off_than_the_errors_say(pair: np.ndarray):
    first, second = unit(pair.astype(np.float64))[:, None]
    errors = rounding_errors(first, quantised(first)) + rounding_errors(second, quantised(second))
    compact = products(quantised(first).astype(np.float64), quantised(second).astype(np.float64))
    assert abs(compact - np.sum(first * second, axis=1))[0] <= errors[0] + 1e-6


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    large=st.integers(1, 3),
    fractions=st.lists(st.floats(0.3, 1.7), min_size=2, max_size=6),
)
def test_vectors_that_lie_between_two_steps_are_searched_as_by_brute_force(tmp_path, seed, large, fractions):
    rng = np.random.default_rng(seed)
    rows = np.asarray(fractions)[rng.integers(0, len(fractions), (300, 128))] / 127
    np.put_along_axis(rows, rng.integers(0, 128, (300, large)), rng.uniform(0.5, 1, (300, large)), axis=1)
    gallery, query = made_up_gallery(unit(rows)), unit(rng.uniform(0.5, 1, 128))
    write_bundle(tmp_path / "bundle", gallery)
    for index in ("rounded", "cut off"):
        if index == "cut off":
            cut_off_index(tmp_path / "bundle", gallery.embeddings)
        (matches,) = CardDatabase.open(tmp_path / "bundle", gallery.model).search(query[None], 3)
        best = np.sort((1 - gallery.embeddings @ query).reshape(2, -1).min(axis=0))[:3]
        np.testing.assert_allclose([match.distance for match in matches], best, atol=1e-6)


def test_the_index_is_several_times_nearer_to_the_vectors_than_usearchs_own():
    vectors = random_unit_vectors(np.random.default_rng(0), 200, 768)
    own = Index(ndim=768, metric="cos", dtype="i8")
    own.add(np.arange(200, dtype=np.uint64), vectors)
    cut_off = np.stack([own.get(row, dtype="i8") for row in range(200)])
    assert 6 * rounding_errors(vectors, quantised(vectors)).max() < rounding_errors(vectors, cut_off).min()


def test_bytes_that_are_no_vectors_are_not_of_length_1_and_nothing_warns():
    vectors = np.array([[0, 0], [3e38, 3e38], [np.inf, 0], [0, 0], [0.6, 0.8]], dtype="<f4")
    vectors.view("<u4")[0] = 0x7FA00000, 0  # a signalling NaN
    assert of_unit_length(vectors).tolist() == [False, False, False, False, True]
