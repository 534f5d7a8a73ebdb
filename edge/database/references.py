"""The pictures by which look-alikes are told apart, in one file that is read picture by picture.

    references.bin    the pictures (PNG), one after the other
    references.json   their names, as lookalikes.json has them -> start and length in references.bin

Some 12 kB a card that has look-alikes, of which a gallery of a whole game has thousands. Older bundles have a file for
each picture instead, as which they would have to stay on the disk: those are held in memory.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from edge.database.bundle import REPAIR, LookalikeGroup, read_json, read_member
from edge.database.pictures import PictureFile
from edge.errors import DatabaseError
from edge.manifests import DatabaseManifest

PICTURES_FILE = "references.bin"
TABLE_FILE = "references.json"

_Count = Annotated[int, Field(ge=0)]
Places = dict[str, tuple[_Count, _Count]]
_PLACES: TypeAdapter[Places] = TypeAdapter(Places)


def names_of(groups: Iterable[LookalikeGroup]) -> list[str]:
    """The pictures that groups of look-alikes name, each once."""
    names = (name for group in groups for name in (group.anchor, *(member.file for member in group.members)))
    return list(dict.fromkeys(names))


class References:
    """The pictures of a bundle's look-alikes."""

    def __init__(self, places: Places, file: PictureFile | None, held: Mapping[str, bytes]) -> None:
        """Read them from an open file as far as they have a place there; the others are held."""
        self._places = places
        self._file = file
        self._held = held

    def __contains__(self, name: object) -> bool:
        """Whether there is a picture of that name."""
        return name in self._places or name in self._held

    def of(self, name: str) -> bytes:
        """A picture as it was encoded.

        Raises:
            DatabaseError: if there is none of that name, or its file was cut short meanwhile.
        """
        if name in self._held:
            return self._held[name]
        if self._file is None or name not in self._places:
            raise DatabaseError(f"the bundle holds no picture {name}")
        return self._file.read(*self._places[name], name)


def open_references(path: Path, manifest: DatabaseManifest, groups: Iterable[LookalikeGroup]) -> References:
    """Open the pictures of a bundle whose files have been checked.

    Args:
        path: of the bundle.
        manifest: of it.
        groups: of its look-alikes.

    Raises:
        DatabaseError: if one cannot be read, or does not lie in its file.
    """
    if TABLE_FILE not in manifest.files or PICTURES_FILE not in manifest.files:
        named = [name for name in names_of(groups) if name in manifest.files]
        return References({}, None, {name: read_member(path, name) for name in named})
    places, file = read_json(path / TABLE_FILE, _PLACES), PictureFile(path / PICTURES_FILE)
    outside = [name for name, (start, length) in places.items() if start + length > file.size]
    if outside:
        raise DatabaseError(f"{path / TABLE_FILE}: {outside[0]} lies outside of {PICTURES_FILE}; {REPAIR}")
    return References(places, file, {})


def dump_references(pictures: Mapping[str, bytes]) -> dict[str, bytes]:
    """The two files as `open_references` reads them: file name -> content; none without pictures."""
    if not pictures:
        return {}
    ends = accumulate(map(len, pictures.values()))
    places = {name: (end - len(pictures[name]), len(pictures[name])) for name, end in zip(pictures, ends, strict=True)}
    return {PICTURES_FILE: b"".join(pictures.values()), TABLE_FILE: _PLACES.dump_json(places, indent=0)}
