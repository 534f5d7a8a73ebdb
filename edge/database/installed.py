"""The card databases installed on a device: several, one of them in use, and the way back to the one before.

    databases/
      demo-1f0c2b7a9d34/            a bundle; the digits are the start of its manifest's SHA-256
      history/1 -> ../demo-1f0c...  each use of a database, numbered upwards
      current -> history/1          what the daemon opens

Every change is one rename of something complete, and what it depends on is on the disk before: a process that is
killed, or a power cut, leaves the state before the change or the one after it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.database.build import put_in_place, sync, sync_folders
from edge.database.bundle import MANIFEST_FILE, check_files
from edge.errors import DatabaseError
from edge.manifests import DatabaseManifest, file_sha256, read_database_manifest

CURRENT = "current"
_HISTORY = "history"
_LOCK = ".lock"
_PARTIAL = ".installing"
_DIGITS = 12
_READABLE = "is the path right, and may you read it (sudo)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A database that is installed.

    Attributes:
        name: of its folder.
        manifest: what it holds; None where it cannot be read.
        in_use: whether it is the current one.
        fault: why the manifest cannot be read.
    """

    name: str
    manifest: DatabaseManifest | None
    in_use: bool
    fault: str = ""


class InstalledDatabases:
    """The folder of a device's card databases."""

    def __init__(self, folder: Path) -> None:
        """Administer that folder."""
        self.folder = folder

    @property
    def current(self) -> str | None:
        """Name of the database in use."""
        path = self.folder / CURRENT
        return path.resolve().name if path.is_dir() else None

    def installed(self) -> list[Installed]:
        """Every installed database, by name; what else lies in the folder is left out.

        Raises:
            DatabaseError: if the folder cannot be read; one that is not there yet holds none.
        """
        with self._told("list the databases", _READABLE):
            current = self.current
            paths = sorted(self.folder.iterdir()) if current is not None or self.folder.exists() else []
            return [
                _described(path, in_use=path.name == current)
                for path in paths
                if path.name not in (_HISTORY, CURRENT) and not path.name.startswith(".") and _is_bundle(path)
            ]

    def install(self, bundle: Path) -> str:
        """Copy a bundle here, whole and verified; it is not in use yet.

        Args:
            bundle: its folder, anywhere.

        Returns:
            The name of the installed database. The same bundle installed again changes nothing and gives the same name.

        Raises:
            DatabaseError: if the bundle is damaged or cannot be copied.
        """
        manifest = read_database_manifest(bundle / MANIFEST_FILE)
        check_files(bundle, manifest)
        name = f"{_file_name(manifest.name)}-{file_sha256(bundle / MANIFEST_FILE)[:_DIGITS]}"
        with self._changing(f"install {bundle}"):
            self._remove_partial()
            if not self._is_sound(name):
                self._copy(bundle, manifest, name)
        return name

    def use(self, name: str) -> None:
        """Make an installed database the current one.

        Raises:
            DatabaseError: if it is not installed, or damaged.
        """
        self.check(name)
        with self._changing(f"use {name}"):
            if name == self.current:
                return
            present = self._generation()
            for later in [number for number in self._generations() if number > present]:
                (self.folder / _HISTORY / str(later)).unlink()
            self._link(self.folder / _HISTORY / str(present + 1), Path("..") / name)
            self._link(self.folder / CURRENT, Path(_HISTORY) / str(present + 1))

    def former(self) -> str:
        """Name of the database that was in use before the current one, of those that are still there.

        Raises:
            DatabaseError: if there is none, or it is damaged.
        """
        with self._told("find the former database", _READABLE):
            name = self._database_of(self._former_generation())
        self.check(name)
        return name

    def rollback(self) -> None:
        """Make the former database the current one.

        Raises:
            DatabaseError: if there is none, or it is damaged.
        """
        name = self.former()
        with self._changing(f"return to {name}"):
            self._link(self.folder / CURRENT, Path(_HISTORY) / str(self._former_generation()))

    def check(self, name: str) -> None:
        """Check an installed database.

        Raises:
            DatabaseError: if it is not installed, or damaged.
        """
        path = self.folder / name
        with self._told(f"use {name}", _READABLE):
            installed = path.parent == self.folder and name not in (_HISTORY, CURRENT) and path.is_dir()
        if not installed or name.startswith("."):
            raise DatabaseError(f"no database {name!r} is installed in {self.folder}; 'database list' shows which are")
        check_files(path, read_database_manifest(path / MANIFEST_FILE))

    def _is_sound(self, name: str) -> bool:
        try:
            self.check(name)
        except DatabaseError:
            return False
        return True

    def _copy(self, bundle: Path, manifest: DatabaseManifest, name: str) -> None:
        partial = self.folder / f".{name}{_PARTIAL}"
        try:
            for file in (*manifest.files, MANIFEST_FILE):
                (partial / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(bundle / file, partial / file)
            check_files(partial, manifest)
            sync_folders(partial)
            put_in_place(partial, self.folder / name)
        finally:
            # What is left of a copy that failed, or the damaged folder that this one was exchanged with.
            self._remove_partial()

    def _remove_partial(self) -> None:
        for path in [*self.folder.glob(f".*{_PARTIAL}"), *self.folder.glob(".*.former")]:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def _link(self, path: Path, target: Path) -> None:
        """Point a symbolic link somewhere else, in one step."""
        partial = path.with_name(f".{path.name}{_PARTIAL}")
        partial.unlink(missing_ok=True)
        partial.symlink_to(target)
        partial.replace(path)
        sync(path.parent)

    def _generation(self) -> int:
        """The number of the use that is current; 0 before the first.

        A link that somebody set past the history is a use after all others.
        """
        path = self.folder / CURRENT
        if not path.is_symlink():
            return 0
        numbers, target = self._generations(), path.readlink()
        used = [number for number in numbers if target == Path(_HISTORY) / str(number)]
        return used[0] if used else max(numbers, default=0) + 1

    def _former_generation(self) -> int:
        current = self.current
        for number in reversed([number for number in self._generations() if number < self._generation()]):
            name = self._database_of(number)
            if name != current and _is_bundle(self.folder / name):
                return number
        raise DatabaseError(f"no database was in use in {self.folder} before this one; 'database list' shows all")

    def _generations(self) -> list[int]:
        """The numbered links of the history, whatever else lies there."""
        links = [path for path in (self.folder / _HISTORY).glob("[1-9]*") if path.is_symlink()]
        return sorted(int(path.name) for path in links if path.name.isascii() and path.name.isdecimal())

    def _database_of(self, generation: int) -> str:
        return (self.folder / _HISTORY / str(generation)).readlink().name

    @contextmanager
    def _changing(self, what: str) -> Iterator[None]:
        """One change at a time."""
        with self._told(what, "is there room, and may you write there (sudo)?"):
            (self.folder / _HISTORY).mkdir(parents=True, exist_ok=True)
            with (self.folder / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield

    @contextmanager
    def _told(self, what: str, advice: str) -> Iterator[None]:
        """A failure of the file system is one sentence."""
        try:
            yield
        except OSError as cause:
            reason = os.strerror(cause.errno) if cause.errno else str(cause)
            raise DatabaseError(f"cannot {what} in {self.folder}: {reason}; {advice}") from cause


def _is_bundle(path: Path) -> bool:
    try:
        return (path / MANIFEST_FILE).is_file()
    except OSError:  # such as a lost+found, which is the superuser's
        return False


def _described(path: Path, *, in_use: bool) -> Installed:
    try:
        return Installed(name=path.name, manifest=read_database_manifest(path / MANIFEST_FILE), in_use=in_use)
    except DatabaseError as fault:
        return Installed(name=path.name, manifest=None, in_use=in_use, fault=str(fault))


def _file_name(name: str) -> str:
    """A database's name as part of a folder's name."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
