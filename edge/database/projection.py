"""Narrower vectors for galleries whose full ones take too long to scan.

    projection.npy   float32 [width, dimension]: the directions in which the gallery varies most, orthonormal

The index of such a bundle holds the embeddings along these directions alone; who is nearest among the candidates that
it finds is decided by the full embeddings, as ever.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.arrays import map_array
from edge.database.bundle import REPAIR
from edge.errors import DatabaseError
from edge.manifests import DatabaseManifest

PROJECTION_FILE = "projection.npy"
# measured: a scan of so many bytes takes 2 to 3 ms (`card-scanner bench`): 17,592 cards of 768 dimensions.
SCANNED_BYTES = 28_000_000
# layout: usearch compares 16 components at a time and more.
_STEP = 16
# chosen: rows that stand for all of a gallery: dozens for each dimension.
_SAMPLE_ROWS = 16_384
# numerics: of float32 products of a thousand components.
_ORTHONORMAL = 1e-3

Vectors = NDArray[np.float32]


def fitting_projection(embeddings: Vectors) -> Vectors | None:
    """The projection [width, dimension] by which these vectors [rows, dimension] can be scanned; None where all can.

    It is as wide as the time of a scan allows, along the eigenvectors of the vectors' second moments.
    """
    rows, dimension = embeddings.shape
    if rows * dimension <= SCANNED_BYTES:
        return None
    width = max(_STEP, SCANNED_BYTES // rows // _STEP * _STEP)
    sample = embeddings[:: -(-rows // _SAMPLE_ROWS)].astype(np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(directions[:, ::-1][:, :width].T, dtype=np.float32)


def projected(vectors: Vectors, projection: Vectors | None) -> Vectors:
    """Unit vectors along the directions of a projection, as unit vectors again; unchanged without one."""
    if projection is None:
        return vectors
    narrow = vectors @ projection.T
    lengths = np.linalg.norm(narrow, axis=1, keepdims=True)
    return np.asarray(narrow / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)


def dump_projection(projection: Vectors | None) -> dict[str, bytes]:
    """The file as `open_projection` reads it: file name -> content; none without a projection."""
    if projection is None:
        return {}
    buffer = io.BytesIO()
    np.save(buffer, projection, allow_pickle=False)
    return {PROJECTION_FILE: buffer.getvalue()}


def open_projection(path: Path, manifest: DatabaseManifest) -> Vectors | None:
    """Read the projection of the bundle at `path`; None where it was built without one.

    Raises:
        DatabaseError: if its directions are not orthonormal, or more than the embeddings have.
    """
    if PROJECTION_FILE not in manifest.files:
        return None
    projection = np.array(map_array(path / PROJECTION_FILE, "<f4", manifest.dimension), dtype=np.float32)
    width = len(projection)
    if width > manifest.dimension or not np.allclose(projection @ projection.T, np.eye(width), atol=_ORTHONORMAL):
        raise DatabaseError(f"{path / PROJECTION_FILE} is not a projection; {REPAIR}")
    return projection
