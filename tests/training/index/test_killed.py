import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.database.search import CardDatabase
from edge.manifests import file_sha256, read_model_manifest
from edge.simulator.sets import full_size_cards
from tests.training.conftest import write_card_folder
from training.index.kept import kept_folder

KILLS = 10


def start(folder: Path, model: Path, output: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "training", "index", "--workers", "2", "--cards", str(folder / "cards")]
    command += ["--metadata", str(folder / "cards.json"), "--model", str(model), "--output", str(output)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def add_copies(folder: Path, count: int) -> None:
    """More cards, each of them another one of the folder with a stamp."""
    files = sorted((folder / "cards").iterdir())
    metadata = json.loads((folder / "cards.json").read_text())
    for number in range(count):
        source = files[number % len(files)]
        card = cv2.imread(str(source))
        card[600:630, 60 + 5 * number : 90 + 5 * number] = 0
        cv2.imwrite(str(folder / "cards" / f"copy-{number:03}.png"), card)
        metadata[f"copy-{number:03}"] = metadata[source.name.partition("_")[0]]
    (folder / "cards.json").write_text(json.dumps(metadata))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_build_killed_at_ten_random_moments_leaves_a_whole_database_and_then_ends_as_if_it_had_not_been(
    model: Path, tmp_path: Path
) -> None:
    write_card_folder(tmp_path, full_size_cards(12))
    assert start(tmp_path, model, tmp_path / "out").wait() == 0
    former = file_sha256(tmp_path / "out" / "manifest.json")
    add_copies(tmp_path, 60)
    began = time.monotonic()
    assert start(tmp_path, model, tmp_path / "fresh" / "out").wait() == 0
    takes_s = time.monotonic() - began
    whole = file_sha256(tmp_path / "fresh" / "out" / "manifest.json")
    rng, killed = np.random.default_rng(0), 0
    while killed < KILLS:
        process = start(tmp_path, model, tmp_path / "out")
        try:
            process.wait(rng.uniform(0.05, 0.95) * takes_s)
            shutil.rmtree(kept_folder(tmp_path / "out"))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
        database = CardDatabase.open(tmp_path / "out", read_model_manifest(model.with_suffix(".json")))
        assert file_sha256(database.path / "manifest.json") in (former, whole)
    assert start(tmp_path, model, tmp_path / "out").wait() == 0
    assert file_sha256(tmp_path / "out" / "manifest.json") == whole
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == {".out.images"}
