"""Pictures that lie one after the other in a file of a bundle, and are read one by one when they are needed."""

import os
import weakref
from pathlib import Path

from edge.database.bundle import REPAIR
from edge.errors import DatabaseError
from edge.files.regular_files import open_regular


class PictureFile:
    """Such a file; it stays readable when the bundle is replaced on disk, and is closed with the last use of this."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            DatabaseError: if it cannot be opened.
        """
        try:
            self._file = open_regular(path)
        except OSError as cause:
            raise DatabaseError(f"cannot read {path}: {cause.strerror}; {REPAIR}") from cause
        weakref.finalize(self, self._file.close)
        self._path = path
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, start: int, length: int, name: str) -> bytes:
        """The picture that lies there.

        Args:
            start: in bytes.
            length: in bytes.
            name: of what it shows, for messages.

        Raises:
            DatabaseError: if the file was cut short meanwhile.
        """
        encoded = os.pread(self._file.fileno(), length, start)
        if len(encoded) != length:
            raise DatabaseError(f"the reference picture of {name} is gone: {self._path.name} was cut short; {REPAIR}")
        return encoded
