import json

import pytest

from training.engine.history import append_history, forget_after
from training.studio.events import HistoryReader


def test_all_at_first_and_then_each_line(tmp_path):
    reader = HistoryReader(tmp_path)
    assert reader.more() == (False, [])
    append_history(tmp_path, {"step": 1})
    assert reader.more() == (True, ['{"step": 1}'])
    assert reader.more() == (False, [])
    append_history(tmp_path, {"step": 2})
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write('{"step": 3')
    assert reader.more() == (False, ['{"step": 2}'])
    assert reader.place.partition("-")[0] == str(len('{"step": 1}\n{"step": 2}\n'))


def test_who_comes_back_gets_what_was_missed(tmp_path):
    append_history(tmp_path, {"step": 1})
    first = HistoryReader(tmp_path)
    first.more()
    append_history(tmp_path, {"step": 2})
    assert HistoryReader(tmp_path, first.place).more() == (False, ['{"step": 2}'])


@pytest.mark.parametrize("place", ["", "x", "7", "-", "99-1", "5-x"])
def test_a_place_of_another_file_is_the_beginning(tmp_path, place):
    append_history(tmp_path, {"step": 1})
    assert HistoryReader(tmp_path, place).more() == (True, ['{"step": 1}'])


def test_a_run_that_goes_on_writes_its_history_anew(tmp_path):
    for step in (1, 2, 3):
        append_history(tmp_path, {"step": step})
    reader = HistoryReader(tmp_path)
    reader.more()
    forget_after(tmp_path, 2)
    append_history(tmp_path, {"step": 3, "again": True})
    anew, lines = reader.more()
    assert anew
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3]
