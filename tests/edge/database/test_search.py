from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.database.benchmark import benchmark_search, made_up_gallery, random_unit_vectors
from edge.database.build import Gallery, write_bundle
from edge.database.bundle import IndexRow
from edge.database.search import CardDatabase
from edge.errors import DatabaseError, InferenceError, ModelMismatchError

DETAILS = next(iter(made_up_gallery(np.eye(2, dtype=np.float32)).metadata.values()))


def opened(folder: Path, gallery: Gallery) -> CardDatabase:
    write_bundle(folder / "bundle", gallery)
    return CardDatabase.open(folder / "bundle", gallery.model)


def gallery_of(embeddings: np.ndarray, card_ids: list[str], rotations: list[int] | None = None) -> Gallery:
    variants: dict[str, int] = {}
    rows = []
    for card_id, rotation in zip(card_ids, rotations or [0] * len(card_ids), strict=True):
        variants[card_id] = variants.get(card_id, -1) + 1
        rows.append(IndexRow(card_id=card_id, variant=variants[card_id], rotation=rotation))
    base = made_up_gallery(embeddings)
    return replace(base, rows=rows, metadata=dict.fromkeys(card_ids, DETAILS))


def brute_force(gallery: Gallery, query: np.ndarray, k: int) -> list[tuple[str, float, int]]:
    best: dict[str, tuple[str, float, int]] = {}
    for row, embedding in zip(gallery.rows, gallery.embeddings, strict=True):
        distance = 1 - float(np.dot(embedding.astype(np.float64), query.astype(np.float64)))
        if row.card_id not in best or distance < best[row.card_id][1]:
            best[row.card_id] = (row.card_id, distance, row.rotation)
    return sorted(best.values(), key=lambda match: match[1])[:k]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 600),
    cards=st.integers(1, 300),
    dimension=st.sampled_from([8, 33, 256]),
    spread=st.sampled_from([0.01, 0.1, 10.0]),
    k=st.integers(1, 12),
)
def test_the_search_equals_brute_force(tmp_path, seed, rows, cards, dimension, spread, k):  # noqa: PLR0917
    """Tight clusters too (spread 0.01), where the compact index alone would confuse the order."""
    rng = np.random.default_rng(seed)
    embeddings = random_unit_vectors(rng, 1, dimension) + spread * random_unit_vectors(rng, rows, dimension)
    embeddings = (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).astype(np.float32)
    card_ids = [f"set-{number}" for number in rng.integers(0, cards, rows)]
    gallery = gallery_of(embeddings, card_ids, [int(r) for r in rng.choice([0, 180], rows)])
    queries = embeddings[rng.integers(0, rows, 3)] + 0.3 * spread * random_unit_vectors(rng, 3, dimension)
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    found = opened(tmp_path, gallery).search(queries, k)
    assert len(found) == 3
    for query, matches in zip(queries, found, strict=True):
        expected = brute_force(gallery, query, k)
        assert len({match.card_id for match in matches}) == len(matches) == len(expected)
        assert [m.distance for m in matches] == sorted(m.distance for m in matches)
        np.testing.assert_allclose([m.distance for m in matches], [e[1] for e in expected], atol=2e-6)
        if len(expected) == 1 or expected[1][1] - expected[0][1] > 1e-5:
            assert matches[0].card_id == expected[0][0]


def test_both_ways_up_are_found(tmp_path: Path):
    embeddings = random_unit_vectors(np.random.default_rng(0), 40, 64)
    database = opened(tmp_path, made_up_gallery(embeddings))
    found = database.search(embeddings, 3)
    assert [matches[0].rotation for matches in found] == [0] * 20 + [180] * 20
    assert [matches[0].card_id for matches in found] == [str(i % 20) for i in range(40)]


def test_many_images_of_one_card_do_not_push_out_the_others(tmp_path: Path):
    rng = np.random.default_rng(1)
    base = random_unit_vectors(rng, 4, 32)
    crowd = base[0] + 0.01 * random_unit_vectors(rng, 500, 32)
    embeddings = np.concatenate([crowd, base[1:]])
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    database = opened(tmp_path, gallery_of(embeddings, ["crowd-1"] * 500 + ["a-1", "b-1", "c-1"]))
    (matches,) = database.search(base[:1], 4)
    assert {match.card_id for match in matches} == {"crowd-1", "a-1", "b-1", "c-1"}
    assert matches[0].card_id == "crowd-1"


def test_fewer_cards_than_asked_for_are_all_given(tmp_path: Path):
    embeddings = random_unit_vectors(np.random.default_rng(2), 4, 16)
    (matches,) = opened(tmp_path, made_up_gallery(embeddings)).search(embeddings[:1], 5)
    assert sorted(match.card_id for match in matches) == ["0", "1"]


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> CardDatabase:
    embeddings = random_unit_vectors(np.random.default_rng(3), 60, 16)
    return opened(tmp_path_factory.mktemp("search"), made_up_gallery(embeddings))


def test_no_queries_give_no_answers(database: CardDatabase):
    assert database.search(np.empty((0, 16), dtype=np.float32), 5) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, 2.0])
def test_a_query_that_is_not_a_unit_vector_is_refused(database: CardDatabase, bad: float):
    queries = random_unit_vectors(np.random.default_rng(4), 3, 16)
    queries[1] *= bad
    with pytest.raises(InferenceError, match="not finite or not normalised"):
        database.search(queries, 5)


@pytest.mark.parametrize("shape", [(16,), (1, 15), (1, 1, 16)])
def test_a_query_of_another_shape_is_refused(database: CardDatabase, shape: tuple[int, ...]):
    with pytest.raises(ModelMismatchError, match="16 dimensions"):
        database.search(np.ones(shape, dtype=np.float32), 5)


def test_the_distance_to_a_card_is_that_of_the_search(database: CardDatabase):
    query = random_unit_vectors(np.random.default_rng(5), 1, 16)
    (matches,) = database.search(query, 5)
    for match in matches:
        assert database.distance(query[0], match.card_id, match.rotation) == pytest.approx(match.distance, abs=1e-6)


def test_an_unknown_card_is_named(database: CardDatabase):
    with pytest.raises(DatabaseError, match="no-such-card"):
        database.details("no-such-card")
    assert database.details("7") == DETAILS


def test_the_files_are_mapped_not_read(database: CardDatabase):
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8")
    assert str(database.path / "embeddings.npy") in mapped
    assert str(database.path / "usearch.index") in mapped


def test_the_benchmark_finds_every_card(tmp_path: Path):
    result = benchmark_search(tmp_path, cards=300, dimension=64, queries=50)
    assert result.recall_at_1 == 1
    assert 0 < result.p50_ms <= result.p99_ms
    assert result.queries == 50
    assert not list(tmp_path.iterdir())
