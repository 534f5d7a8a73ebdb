import subprocess
import sys
from dataclasses import dataclass

import cv2
import pytest

from edge.cli import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one sentence on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("card-scanner: error: ")
        return lines[0].removeprefix("card-scanner: error: ")


@pytest.fixture
def scanner(capfd):
    """Runs card-scanner in this process; captures what libraries write to the file descriptors, too."""

    def run(*arguments) -> Outcome:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Outcome(code, *capfd.readouterr())

    return run


@pytest.fixture
def scanner_process():
    """Runs card-scanner as a process of its own."""

    def run(*arguments, **options) -> Outcome:
        command = [sys.executable, "-m", "edge.cli", *map(str, arguments)]
        done = subprocess.run(
            command, stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, text=True, check=False,
            timeout=60, **options,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def tiny_settings(tiny_database, monkeypatch):
    """Makes the small model and card database the ones that every command uses."""
    monkeypatch.setenv("CARD_SCANNER_RECOGNITION__MODEL", str(tiny_database.model))
    monkeypatch.setenv("CARD_SCANNER_RECOGNITION__DATABASE", str(tiny_database.database))
    return tiny_database


@pytest.fixture
def photo(tiny_database, table, tmp_path):
    """A photo of the database's first card."""
    path = tmp_path / "photo.jpg"
    cv2.imwrite(str(path), table(next(iter(tiny_database.cards.values()))))
    return path
