"""Whatever is in a bundle, and even where its checksums are right: it is refused in a sentence, or it answers."""

import json
import math
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.search import CardDatabase
from edge.errors import ScannerError
from edge.manifests import file_sha256
from edge.recognition.verification import Verifier
from tests.fuzz.mutation import damaged, damaged_json

pytestmark = pytest.mark.timeout(1200)

GALLERY = made_up_gallery(random_unit_vectors(np.random.default_rng(0), 8, 16))
QUERY = random_unit_vectors(np.random.default_rng(1), 1, 16)


def damage(bundle: Path, chance: random.Random) -> None:
    """Damage one file; mostly with its checksum put right, as by somebody who means harm."""
    files = sorted(path for path in bundle.iterdir() if path.is_file())
    path = chance.choice(files)
    how = damaged_json if path.suffix == ".json" and chance.random() < 0.7 else damaged
    path.write_bytes(how(path.read_bytes(), chance))
    if path.name != "manifest.json" and chance.random() < 0.9:
        manifest = json.loads((bundle / "manifest.json").read_bytes())
        manifest["files"][path.name] = file_sha256(path)
        (bundle / "manifest.json").write_text(json.dumps(manifest))


def test_bundles(tmp_path: Path, rounds):
    write_bundle(tmp_path / "sound", GALLERY)

    def one_round(chance: random.Random) -> None:
        bundle = tmp_path / "bundle"
        shutil.copytree(tmp_path / "sound", bundle)
        damage(bundle, chance)
        try:
            database = CardDatabase.open(bundle, GALLERY.model)
            Verifier(database)
            (matches,) = database.search(QUERY, 5)
        except ScannerError as sentence:
            assert str(sentence)
        else:
            assert all(math.isfinite(match.distance) and database.details(match.card_id) for match in matches)
        finally:
            shutil.rmtree(bundle)

    rounds(one_round)
