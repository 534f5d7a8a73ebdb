"""usearch believes what a file says of itself; a wrong byte must be refused before usearch sees it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.index_file import map_compact
from edge.database.vectors import quantised
from edge.errors import DatabaseError

ROWS, DIMENSION = 12, 16
EMBEDDINGS = random_unit_vectors(np.random.default_rng(0), ROWS, DIMENSION)

# Opens the index with each of its bytes outside the vectors changed, one after the other, and searches it if it opens.
# Writes how many changes were refused; a crash ends it.
EVERY_BYTE = """
import sys
from pathlib import Path
import numpy as np
from edge.database.index_file import map_compact
from edge.database.usearch_index import Index
from edge.errors import DatabaseError

path, rows, dimension, change = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
content = path.read_bytes()
refused = 0
for place in [*range(8), *range(8 + rows * dimension, len(content))]:
    changed = bytearray(content)
    changed[place] ^= change
    path.write_bytes(changed)
    try:
        map_compact(path, rows, dimension)
    except DatabaseError:
        refused += 1
        continue
    index = Index.restore(path, view=True)
    found = index.search(np.ones(dimension, dtype=np.int8), rows, exact=True, threads=1)
    assert sorted(found.keys) == list(range(rows)), place
print(refused)
"""


@pytest.fixture
def index(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "bundle", made_up_gallery(EMBEDDINGS))
    return tmp_path / "bundle" / "usearch.index"


def test_the_vectors_are_those_that_were_given(index: Path):
    np.testing.assert_array_equal(map_compact(index, ROWS, DIMENSION), quantised(EMBEDDINGS))


@pytest.mark.parametrize("change", [1, 255])
def test_no_changed_byte_ends_the_process(index: Path, change: int):
    command = [sys.executable, "-c", EVERY_BYTE, index, str(ROWS), str(DIMENSION), str(change)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 8 + 12 * ROWS


@pytest.mark.parametrize("rows", [ROWS - 1, ROWS + 1, 0])
def test_other_counts_are_refused(index: Path, rows: int):
    with pytest.raises(DatabaseError, match=r"usearch\.index"):
        map_compact(index, rows, DIMENSION)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 8 + ROWS * DIMENSION, 8 + ROWS * DIMENSION + 64, -1])
def test_a_file_cut_short_is_refused(index: Path, length: int):
    index.write_bytes(index.read_bytes()[:length])
    with pytest.raises(DatabaseError, match=r"usearch\.index"):
        map_compact(index, ROWS, DIMENSION)
