import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.database import projection
from edge.database.benchmark import benchmark_search, clustered_unit_vectors, made_up_gallery
from edge.database.build import Gallery, write_bundle
from edge.database.projection import PROJECTION_FILE, dump_projection, fitting_projection, projected
from edge.database.search import CardDatabase
from edge.errors import DatabaseError
from edge.manifests import file_sha256

ROWS, DIMENSION, WIDTH = 2000, 96, 32


@pytest.fixture(autouse=True)
def _scanned_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which a small gallery takes too long."""
    monkeypatch.setattr(projection, "SCANNED_BYTES", ROWS * WIDTH)


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    return made_up_gallery(clustered_unit_vectors(np.random.default_rng(0), ROWS, DIMENSION))


@pytest.fixture
def bundle(gallery: Gallery, tmp_path: Path) -> Path:
    write_bundle(tmp_path / "bundle", gallery)
    return tmp_path / "bundle"


def forge(bundle: Path, file: str, content: bytes) -> None:
    (bundle / file).write_bytes(content)
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"][file] = file_sha256(bundle / file)
    (bundle / "manifest.json").write_text(json.dumps(manifest))


def test_only_what_takes_too_long_is_narrowed(gallery: Gallery) -> None:
    assert fitting_projection(gallery.embeddings[: ROWS // 3]) is None
    found = fitting_projection(gallery.embeddings)
    assert found is not None
    assert found.shape == (WIDTH, DIMENSION)
    energy = np.linalg.norm(gallery.embeddings @ found.T, axis=1) ** 2
    assert energy.mean() > 1.5 * WIDTH / DIMENSION


def test_the_nearest_is_found_and_its_distance_is_that_of_the_full_embeddings(gallery: Gallery, bundle: Path) -> None:
    database = CardDatabase.open(bundle, gallery.model)
    rng = np.random.default_rng(1)
    queries = gallery.embeddings[::40] + 0.5 * clustered_unit_vectors(rng, ROWS // 40, DIMENSION)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    distances = 1 - queries @ gallery.embeddings.T
    for matches, expected in zip(database.search(queries, 3), distances, strict=True):
        assert matches[0].distance == pytest.approx(expected.min(), abs=1e-5)
        assert len({match.card_id for match in matches}) == 3


def test_the_benchmark_says_what_is_scanned(tmp_path: Path) -> None:
    result = benchmark_search(tmp_path, cards=ROWS // 2, dimension=DIMENSION, queries=50)
    assert result.scanned_dimension == WIDTH
    assert result.recall_at_1 == 1


def test_more_cards_than_candidates_are_given_where_they_are_asked_for(gallery: Gallery, bundle: Path) -> None:
    (matches,) = CardDatabase.open(bundle, gallery.model).search(gallery.embeddings[:1], ROWS // 2)
    assert len(matches) == ROWS // 2


def test_a_projection_of_other_directions_is_refused(gallery: Gallery, bundle: Path) -> None:
    turned = fitting_projection(gallery.embeddings[::-1])
    assert turned is not None
    forge(bundle, PROJECTION_FILE, dump_projection(np.roll(turned, 1, axis=0))[PROJECTION_FILE])
    with pytest.raises(DatabaseError, match=r"usearch\.index holds other vectors"):
        CardDatabase.open(bundle, gallery.model)


@pytest.mark.parametrize("change", [lambda found: 2 * found, lambda found: found * np.nan, lambda found: found[:16]])
def test_what_is_no_projection_of_this_index_is_refused(gallery: Gallery, bundle: Path, change) -> None:
    found = fitting_projection(gallery.embeddings)
    forge(bundle, PROJECTION_FILE, dump_projection(change(found))[PROJECTION_FILE])
    with pytest.raises(DatabaseError, match=r"projection\.npy is not|usearch\.index"):
        CardDatabase.open(bundle, gallery.model)


def test_an_index_of_full_vectors_beside_a_projection_is_refused(
    gallery: Gallery, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "SCANNED_BYTES", ROWS * DIMENSION)
    write_bundle(tmp_path / "full", replace(gallery, name="full"))
    forge(bundle, "usearch.index", (tmp_path / "full" / "usearch.index").read_bytes())
    with pytest.raises(DatabaseError, match=r"usearch\.index does not hold|usearch\.index is"):
        CardDatabase.open(bundle, gallery.model)


def test_vectors_stay_unit_vectors(gallery: Gallery) -> None:
    narrow = projected(gallery.embeddings, fitting_projection(gallery.embeddings))
    assert np.allclose(np.linalg.norm(narrow, axis=1), 1, atol=1e-5)
    assert projected(gallery.embeddings, None) is gallery.embeddings
