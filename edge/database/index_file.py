"""Checks a file of usearch before usearch maps it.

usearch believes what such a file says of itself: a single wrong byte in front of the graph can end the process at the
first search. The layout (format 2, usearch's `index_dense.hpp` and `index.hpp`), little-endian:

    rows, dimension                     2 x uint32
    vectors                             int8 [rows, dimension]
    head, 64 bytes                      magic, version, kinds, counts
    graph's head, 40 bytes              rows, links a node, links a node at the bottom, top level, entry
    levels                              int16 [rows]
    nodes, by row                       key uint64, level int16, then the links of each level: count, rows (uint32)
"""

import struct
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import REPAIR
from edge.errors import DatabaseError
from edge.files.regular_files import open_regular

_SHAPE = struct.Struct("<2I")
_HEAD = struct.Struct("<7s3H4B3Q?22x")
_GRAPH = struct.Struct("<5Q")
_LINK = 4
_NODE = 10
_FORMAT = 2
# Metric (cosine), vectors (int8), keys (uint64), links (uint32), as usearch numbers them.
_KINDS = (ord("c"), 23, 14, 15)


def map_compact(path: Path, rows: int, dimension: int) -> NDArray[np.int8]:
    """Map the vectors of a usearch index into memory, read-only, after checking all that usearch relies on.

    Args:
        path: of the index, of whose size and content nothing is known.
        rows: that it must hold.
        dimension: of each.

    Returns:
        int8 [rows, dimension].

    Raises:
        DatabaseError: if it is not an index of so many vectors in 8 bits, searched by cosine.
    """
    content = _mapped(path)
    graph = _SHAPE.size + rows * dimension
    levels = graph + _HEAD.size + _GRAPH.size
    if len(content) < levels + rows * (2 + _NODE):
        _refuse(path, "is too short")
    if _SHAPE.unpack(content[: _SHAPE.size].tobytes()) != (rows, dimension):
        _refuse(path, f"does not hold {rows} x {dimension} vectors")
    _check_head(path, content[graph : graph + _HEAD.size].tobytes(), rows, dimension)
    _check_nodes(path, content[levels:], _GRAPH.unpack(content[graph + _HEAD.size : levels].tobytes()), rows)
    return content[_SHAPE.size : graph].view(np.int8).reshape(rows, dimension)


def _mapped(path: Path) -> NDArray[np.uint8]:
    try:
        with open_regular(path) as file:
            return np.memmap(file, np.uint8, "r")
    except (OSError, ValueError) as cause:  # ValueError of an empty file
        raise DatabaseError(f"cannot read {path} ({cause}); {REPAIR}") from cause


def _check_head(path: Path, head: bytes, rows: int, dimension: int) -> None:
    magic, major, _, _, *kinds, present, deleted, dimensions, several = _HEAD.unpack(head)
    if (magic, major) != (b"usearch", _FORMAT):
        _refuse(path, f"is not an index of usearch {_FORMAT}")
    if tuple(kinds) != _KINDS:
        _refuse(path, "is not an index of 8-bit vectors searched by cosine")
    if (present, deleted, dimensions, several) != (rows, 0, dimension, False):
        _refuse(path, f"does not count {rows} x {dimension} vectors")


def _check_nodes(path: Path, content: NDArray[np.uint8], graph: tuple[int, ...], rows: int) -> None:
    """Check that the levels lead to nodes that are the rows in their order, up to the very end of the file."""
    count, links, bottom_links, top, entry = graph
    levels = content[: 2 * rows].view("<i2").astype(np.int64)
    if count != rows or not 0 < links <= bottom_links <= len(content) or entry >= rows or levels.min() < 0:
        _refuse(path, "has a damaged graph")
    lengths = _NODE + _LINK * (1 + bottom_links) + levels * _LINK * (1 + links)
    if top != levels.max() or top != levels[entry] or int(lengths.sum()) != len(content) - 2 * rows:
        _refuse(path, "has a graph of another size")
    starts = 2 * rows + np.cumsum(lengths) - lengths
    heads = content[starts[:, None] + np.arange(_NODE)]
    keys, node_levels = heads[:, :8].copy().view("<u8")[:, 0], heads[:, 8:].copy().view("<i2")[:, 0]
    if not (keys == np.arange(rows)).all() or not (node_levels == levels).all():
        _refuse(path, "has a graph of other rows")


def _refuse(path: Path, fault: str) -> NoReturn:
    raise DatabaseError(f"{path} {fault}; {REPAIR}")
