import os
import shutil

import numpy as np
import pytest

from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import DatabaseError


@pytest.fixture
def opened(tiny_database, tmp_path):
    """A database of its own in use, and a query."""
    folder = tmp_path / "database"
    shutil.copytree(tiny_database.database, folder)
    embedder = OnnxEmbedder(tiny_database.model)
    query = embedder.embed(list(tiny_database.cards.values())[:1])
    database = CardDatabase.open(folder, embedder.manifest)
    assert database.search(query, 1)[0][0].distance < 1e-3
    return database, query


@pytest.mark.parametrize("name", ["usearch.index", "embeddings.npy"])
@pytest.mark.parametrize("change", ["cut short", "written over"])
def test_a_file_that_is_changed_is_noticed_before_it_is_read(opened, name, change):
    database, query = opened
    path = database.path / name
    if change == "cut short":
        os.truncate(path, path.stat().st_size // 2)
    else:
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.write(content[::-1])
    with pytest.raises(DatabaseError, match=f"{name} was changed while it was in use"):
        database.search(query, 1)


def test_a_database_that_is_removed_or_replaced_works_on(opened):
    database, query = opened
    before = database.search(query, 4)
    database.path.rename(database.path.with_name("former"))
    assert database.search(query, 4) == before
    database.path.mkdir()
    np.save(database.path / "embeddings.npy", np.zeros(3))
    assert database.search(query, 4) == before
    shutil.rmtree(database.path.with_name("former"))
    assert database.search(query, 4) == before
