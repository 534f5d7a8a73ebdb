"""The machine as the checks see it: its files, its commands, its Python packages."""

import importlib.util
import os
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

_COMMAND_LIMIT_S = 5.0


class Machine:
    """A Linux machine whose file system begins at `root`."""

    def __init__(self, root: Path = Path("/")) -> None:
        """Look at the file system below `root`."""
        self.root = root

    def glob(self, pattern: str) -> list[Path]:
        """The paths below the root that match, sorted."""
        return sorted(self.root.glob(pattern))

    def exists(self, path: Path) -> bool:
        """Whether that absolute path exists on the machine."""
        return (self.root / path.relative_to("/")).exists()

    def may_use(self, path: Path) -> bool:
        """Whether this user may read and write a file that `glob` gave."""
        return os.access(path, os.R_OK | os.W_OK)

    def has_module(self, name: str) -> bool:
        """Whether Python finds that module."""
        return importlib.util.find_spec(name) is not None

    def package_version(self, name: str) -> str | None:
        """Version of an installed Python distribution."""
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    def output(self, command: Sequence[str]) -> str | None:
        """What a command wrote; None where there is no such command or it failed."""
        try:
            done = subprocess.run(  # noqa: S603 (the checks' own commands)
                command, capture_output=True, text=True, timeout=_COMMAND_LIMIT_S, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()


def text_of(path: Path) -> str:
    """A small file of the kernel's, without the space around; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \n")
    except OSError:
        return ""
