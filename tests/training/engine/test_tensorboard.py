import importlib.util

import pytest

from training.engine.tensorboard import FOLDER, events_for_tensorboard

tensorboard_is_here = importlib.util.find_spec("tensorboardX") is not None


@pytest.mark.skipif(not tensorboard_is_here, reason="needs tensorboardX: pip install -e '.[tensorboard]'")
def test_the_numbers_of_a_line_are_written_as_events(tmp_path):
    with events_for_tensorboard(tmp_path) as callback:
        callback.after_entry({"step": 3, "arcface": 1.5, "reason": "none"})
    (file,) = (tmp_path / FOLDER).iterdir()
    written = file.read_bytes()
    assert b"arcface" in written
    assert b"reason" not in written
