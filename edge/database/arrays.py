"""The arrays of a bundle (.npy), opened only if they are what was written, byte for byte as long as they say.

numpy reads a header as Python: of a damaged one it raises whatever Python's parser does, and takes other shapes and
types than were asked for.
"""

import os
import re
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import REPAIR
from edge.errors import DatabaseError
from edge.files.regular_files import open_regular

# numpy's format 1.0, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|>=]\w{2,4})', 'fortran_order': False, "
    rb"'shape': \((\d{1,12}), (\d{1,12})\), \} *\n",
    re.DOTALL,
)
_LONGEST_HEADER = 256


def map_array(path: Path, dtype: str, columns: int) -> NDArray[np.generic]:
    """Map an array [rows, `columns`] of at least one row into memory, read-only.

    Args:
        path: of the file.
        dtype: as numpy writes it, such as '<f4'.
        columns: that it must have.

    Raises:
        DatabaseError: if it is not such an array, or the file is longer or shorter than the array.
    """
    try:
        with open_regular(path) as file:
            start, rows = _read_header(path, file, dtype, columns)
            return np.memmap(file, dtype, "r", offset=start, shape=(rows, columns))
    except OSError as cause:
        raise DatabaseError(f"cannot read {path}: {cause.strerror}; {REPAIR}") from cause


def _read_header(path: Path, file: BinaryIO, dtype: str, columns: int) -> tuple[int, int]:
    """Where the values start, and the number of rows."""
    header = _HEADER.match(file.read(_LONGEST_HEADER))
    if header is None:
        raise DatabaseError(f"{path} is not an array of two dimensions; {REPAIR}")
    found, rows, width = header[1].decode(), int(header[2]), int(header[3])
    if (found, width) != (dtype, columns) or rows == 0:
        raise DatabaseError(
            f"{path} holds {rows} x {width} values of type {found}, not rows of {columns} of type {dtype}; {REPAIR}"
        )
    if header.end() + rows * width * np.dtype(dtype).itemsize != os.fstat(file.fileno()).st_size:
        raise DatabaseError(f"{path} is not as long as its {rows} x {width} values; {REPAIR}")
    return header.end(), rows
