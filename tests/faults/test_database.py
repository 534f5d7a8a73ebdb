"""The card database is damaged: where it is in use, and where it is about to be."""

import os
import shutil

import pytest

from tests.faults.conftest import MODEL
from tests.faults.episode import Episode

pytestmark = pytest.mark.faults

DATABASE = MODEL.parents[1] / "database" / "demo"


def cut_short(path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def test_reload_refuses_a_database_that_was_cut_short(daemon, episode, record, tmp_path):
    shutil.copytree(DATABASE, tmp_path / "database")
    cut_short(tmp_path / "database" / "usearch.index")
    fault = episode("reload of a database whose index is cut short")
    reply = daemon.ask(command="reload", settings={"recognition": {"database": str(tmp_path / "database")}})
    fault.end()
    assert reply["ok"] is False
    assert "usearch.index is damaged" in reply["error"]
    back_s = fault.works_again()
    assert daemon.health()[-1].database_cards == 2200
    fault.check()
    record(fault.row(f"refused in {fault.ended_s - fault.begun_s:.1f} s; the former stays in use ({back_s:.1f} s)"))


def test_an_index_that_is_cut_short_while_it_is_in_use_ends_the_process(started, tmp_path, record):
    """Reading on would end it, too: by SIGBUS, without a word."""
    shutil.copytree(DATABASE, tmp_path / "database")
    daemon = started(recognition=f'database = "{tmp_path / "database"}"')
    fault = Episode(daemon, "index cut short while in use")
    cut_short(tmp_path / "database" / "usearch.index")
    assert daemon.process.wait(30) == 1
    fault.end()
    assert "usearch.index was changed while it was in use" in daemon.said().splitlines()[-1]
    assert daemon.health()[-1].status == "failed"
    assert daemon.cards("card.confirmed", fault.begun_s + 0.2) == []
    fault.health_says("usearch.index was changed")
    fault.check()
    record(fault.row(f"ends after {fault.ended_s - fault.begun_s:.1f} s (exit code 1); a start refuses the file"))
