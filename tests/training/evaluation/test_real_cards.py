import json
from pathlib import Path

import pytest

from training.cli import main

ART = Path(__file__).parents[3].parent / "shared" / "data" / "art"


@pytest.mark.parametrize("size", [200, 2600])
@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not ART.is_dir(), reason="no ../shared/data beside the repository")
def test_of_real_cards_no_unknown_one_is_confirmed_and_clear_known_ones_are(tmp_path: Path, size: int):
    given = ["--cards", str(ART), "--metadata", f"{ART}.json", "--sizes", str(size), "--count", "12"]
    chosen = ["--false-accepts", "0.01", "--workers", "1", "--output", str(tmp_path)]
    assert main(["evaluate", "refusal", *given, *chosen]) == 0
    (gallery,) = json.loads((tmp_path / "refusal.json").read_text())["galleries"]
    assert gallery["cards"] == size
    assert gallery["all"]["unknown_confirmed"] | {"interval_95": None, "value": None} == {
        "hits": 0,
        "count": 48,
        "cards": gallery["all"]["unknown_confirmed"]["cards"],
        "interval_95": None,
        "value": None,
    }
    assert gallery["all"]["unknown_named"]["value"] < 0.1
    assert gallery["conditions"]["clean"]["known_confirmed"]["hits"] >= 23
    assert gallery["conditions"]["everything"]["known_confirmed"]["hits"] >= 20
    assert (tmp_path / "refusal.png").is_file()
