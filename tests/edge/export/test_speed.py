"""How long 20,000 scans take: `pytest tests/edge/export/test_speed.py -m long -s`."""

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import closing

import pytest

from edge.export.formats import FORMATS
from edge.files.sqlite import transaction
from edge.log.file import open_log_as_it_is

ROWS = 20_000
LIMIT_S = 3.0


@pytest.fixture(scope="module")
def twenty_thousand(tmp_path_factory):
    """Each scan another card, so that each is a row; with five matches and a centering of 3 kB."""
    path = tmp_path_factory.mktemp("log") / "scans.db"
    matches = json.dumps([{"card_id": f"a-{k}", "distance": 0.123456789, "probability": 0.2} for k in range(5)])
    centering = json.dumps({"points": [{"side": "left", "width_mm": 3.0123456789, "outlier": False}] * 45})
    ids = {"cardmarket": "7"} | {f"tcgplayer_sku:{words}": "8" for words in ("Near Mint", "Near Mint Holofoil")}
    with closing(open_log_as_it_is(path)) as log, transaction(log):
        log.execute("INSERT INTO session VALUES ('a', 'bench', 'demo', 'now', 'now')")
        for number in range(ROWS):
            card = {
                "name": f'Flabébé {number}, "the" ピカチュウ',
                "set_code": f"set{number % 160}",
                "set_name": "Ümlaut",
                "number": str(number),
                "product_ids": ids,
            }
            log.execute(
                "INSERT INTO scan (session, confirmed_at, captured_at, frame_id, card_id, card, distance, probability,"
                " matches, centering, model_id, database) VALUES ('a', ?, '', 1, ?, ?, 0.1, 0.9, ?, ?, 'm', 'd')",
                ("2026-10-09T20:00:00.000+00:00", f"a-{number}", json.dumps(card), matches, centering),
            )
    return path


@pytest.mark.long
@pytest.mark.parametrize("name", [*FORMATS, "json"])
def test_20_000_rows_take_less_than_three_seconds(twenty_thousand, tmp_path, capsys, name):
    """The whole command, from its start to its end; of the processor's time, as others may keep this machine busy."""
    command = [sys.executable, "-m", "edge.cli", "export", "--format", name, "--log", twenty_thousand]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*command, "--output", tmp_path / "cards"], check=True, capture_output=True)
    wall_s, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = (tmp_path / "cards").read_bytes().count(b"\n")
    with capsys.disabled():
        print(f"\n{name}: {cpu_s:.1f} s of the processor, {wall_s:.1f} s by the clock, load {os.getloadavg()[0]:.0f}")  # noqa: T201
    assert lines >= ROWS
    assert cpu_s < LIMIT_S
