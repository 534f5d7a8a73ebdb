"""The vectors of a bundle: in float32 for the distances, and in 8 bits for finding candidates.

A gallery that takes too long to scan is narrowed first (`edge.database.projection`).

usearch itself scales by 127 and cuts the fraction off. Here each vector is scaled so that its greatest component
becomes 127, which cosine does not see, and rounded: several times nearer to the original.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.database.arrays import map_array
from edge.database.bundle import EMBEDDINGS_FILE, REPAIR, VECTORS_FILE
from edge.database.index_file import map_compact
from edge.database.projection import open_projection, projected
from edge.database.unchanged import UnchangedFile
from edge.database.usearch_index import Index
from edge.errors import DatabaseError
from edge.manifests import DatabaseManifest

INDEX_DTYPE: Literal["i8"] = "i8"
_NORM_TOLERANCE = 1e-3
_LEVELS = 127
_CHUNK = 1024

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MappedVectors:
    """Vectors that were checked, and what they were read from.

    Attributes:
        embeddings: float32 [rows, dimension], L2-normalised; mapped, not read.
        projection: float32 [width, dimension] that narrows what the index holds; None where it holds all.
        index: the embeddings, narrowed or not, in 8 bits.
        error: greatest Euclidean distance between such a vector and the direction that the index has for it.
        files: that are mapped.
    """

    embeddings: Vectors
    projection: Vectors | None
    index: Index
    error: float
    files: tuple[UnchangedFile, ...]

    def release_pages(self) -> None:
        """Give back the pages of the embeddings that were read; without this all of them end up resident."""
        release_pages(self.embeddings)


def of_unit_length(vectors: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which vectors [..., dimension] are finite and of length 1, also of bytes that never were vectors."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(vectors, axis=-1)
        return np.asarray(np.abs(lengths - 1) <= _NORM_TOLERANCE, dtype=np.bool_)


def quantised(vectors: Vectors) -> NDArray[np.int8]:
    """Unit vectors [N, dimension] as the index holds them, -127 to 127."""
    return np.asarray(np.rint(vectors * (_LEVELS / np.abs(vectors).max(axis=1, keepdims=True))), dtype=np.int8)


def rounding_errors(vectors: Vectors, compact: NDArray[np.int8]) -> Vectors:
    """Euclidean distance [N] between each unit vector and the direction of its compact form; NaN where it has none."""
    directions = compact.astype(np.float32)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions /= np.where(lengths > 0, lengths, np.nan)
    return np.asarray(np.linalg.norm(vectors - directions, axis=1), dtype=np.float32)


def open_vectors(path: Path, manifest: DatabaseManifest) -> MappedVectors:
    """Map the vectors of the bundle at `path`, and check every one of them.

    Raises:
        DatabaseError: if they are not finite unit vectors of the manifest's number and dimension, or the index is not
            one of theirs.
    """
    if manifest.dtype != INDEX_DTYPE:
        raise DatabaseError(f"{path}: an index of {manifest.dtype} cannot be searched, only of {INDEX_DTYPE}; {REPAIR}")
    files = tuple(UnchangedFile(path / name) for name in (EMBEDDINGS_FILE, VECTORS_FILE))
    embeddings = np.asanyarray(map_array(path / EMBEDDINGS_FILE, "<f4", manifest.dimension), dtype=np.float32)
    if len(embeddings) != manifest.rows:
        raise DatabaseError(
            f"{path / EMBEDDINGS_FILE} holds {len(embeddings)} rows, the manifest lists {manifest.rows}; {REPAIR}"
        )
    projection = open_projection(path, manifest)
    width = manifest.dimension if projection is None else len(projection)
    compact = map_compact(path / VECTORS_FILE, manifest.rows, width)
    error = max(_chunk_errors(path, embeddings, projection, compact))
    release_pages(embeddings)
    index = _restored(path / VECTORS_FILE)
    return MappedVectors(embeddings=embeddings, projection=projection, index=index, error=error, files=files)


def release_pages(mapped: NDArray[np.generic]) -> None:
    """Give back what was read of a mapped array."""
    if isinstance(mapped.base, mmap.mmap):
        mapped.base.madvise(mmap.MADV_DONTNEED)


def _chunk_errors(
    path: Path, embeddings: Vectors, projection: Vectors | None, compact: NDArray[np.int8]
) -> Iterator[float]:
    """Greatest error of some rows at a time, so that few are in memory at once."""
    # By less than one step, cutting off or rounding, in every component of a vector and of its length.
    bound = 2 * compact.shape[1] ** 0.5 / _LEVELS
    for start in range(0, len(embeddings), _CHUNK):
        rows = slice(start, start + _CHUNK)
        if not of_unit_length(embeddings[rows]).all():
            raise DatabaseError(f"{path / EMBEDDINGS_FILE} holds rows that are not finite or not of length 1; {REPAIR}")
        error = float(rounding_errors(projected(embeddings[rows], projection), compact[rows]).max())
        if not error <= bound:
            raise DatabaseError(f"{path / VECTORS_FILE} holds other vectors than {EMBEDDINGS_FILE}; {REPAIR}")
        yield error
        release_pages(embeddings)


def _restored(path: Path) -> Index:
    try:
        index = Index.restore(path, view=True)
    except (OSError, ValueError, RuntimeError) as cause:
        raise DatabaseError(f"{path} cannot be opened ({cause}); {REPAIR}") from cause
    if index is None:
        raise DatabaseError(f"{path} cannot be opened; {REPAIR}")
    return index
