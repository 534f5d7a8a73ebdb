"""Tries a card database in a process of its own: what it breaks there, it does not break where it is in use.

python -m edge.cli.database_trial DATABASE MODEL
"""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from edge.database.arrays import map_array
from edge.database.bundle import EMBEDDINGS_FILE, read_golden
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import DatabaseError, ScannerError
from edge.manifests import read_model_manifest
from edge.recognition.selftest import load_golden
from edge.recognition.verification import Verifier

_LONGEST_S = 120
_EQUAL = 1e-4
# Between a runtime that computed the golden crops' embeddings and another one.
_SAME_MODEL = 0.01


def try_database(path: Path, model: Path) -> None:
    """Open a database and search it in a child process, as a scanner with this model would.

    Args:
        path: of the bundle.
        model: file of the embedding model; one for the CPU is run, of one for an accelerator only the manifest is read.

    Raises:
        DatabaseError: with what the child said, or how it ended.
    """
    # -P: whoever installs from a stick must not run what lies on it.
    command = [sys.executable, "-P", "-m", "edge.cli.database_trial", str(path), str(model)]
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter)
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_LONGEST_S
        )
    except subprocess.TimeoutExpired as cause:
        raise DatabaseError(f"the database {path} did not open and answer within {_LONGEST_S} s") from cause
    except OSError as cause:
        raise DatabaseError(f"the database {path} cannot be tried: {cause.strerror}") from cause
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise DatabaseError(f"the database {path} ended the process that tried it ({name}); copy it again")
    if done.returncode:
        raise DatabaseError(done.stderr.strip().rpartition("\n")[2] or f"the database {path} could not be tried")


def main(database: Path, model: Path) -> int:
    """Try a database in this process; 1, and a sentence on standard error, if it does not work."""
    try:
        opened = CardDatabase.open(database, read_model_manifest(model.with_suffix(".json")))
        _search_once(opened, model)
        _decode_pictures(opened)
    except ScannerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _search_once(database: CardDatabase, model: Path) -> None:
    first = np.array(map_array(database.path / EMBEDDINGS_FILE, "<f4", database.manifest.dimension)[:1], np.float32)
    if database.search(first, 1)[0][0].distance > _EQUAL:
        raise DatabaseError(f"the database {database.path} does not find its own first row; build it again")
    if model.suffix != ".onnx" or not read_golden(database.path):
        return
    golden = load_golden(database.path)
    embedded = OnnxEmbedder(model).embed(golden.cards[:1])
    database.search(embedded, 1)
    if not float(embedded[0] @ golden.embeddings[0]) >= 1 - _SAME_MODEL:
        raise DatabaseError(f"the model {model} does not embed as the one that {database.path} was built with")


def _decode_pictures(database: CardDatabase) -> None:
    """Decode all that a scanner decodes when a card lies there: one that is damaged would fail each time."""
    Verifier(database).check()
    prints = [database.print_reference(card_id) for card_id in database.card_ids]
    for reference in (*prints, *database.backs):
        if reference is not None:
            reference.picture()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
