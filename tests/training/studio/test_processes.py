import json
import os
import subprocess
import sys

import pytest

from tests.edge.page.browser import until
from training.errors import TrainingError
from training.studio.processes import STARTED, last_line, start, started_process


def test_a_command_runs_in_a_session_of_its_own(tmp_path):
    (tmp_path / "runs").mkdir()
    process = start(tmp_path / "run", ["runs", "list", "--runs", str(tmp_path / "runs")])
    assert os.getsid(process) == process
    until(lambda: started_process(tmp_path / "run") == 0, 60, "the command ends")
    assert last_line(tmp_path / "run") == "no runs yet"
    assert json.loads((tmp_path / "run" / STARTED).read_text())["process"] == process


def test_another_process_of_the_same_number_is_not_it(tmp_path):
    (tmp_path / STARTED).write_text(json.dumps({"process": os.getpid(), "began": "1"}))
    assert started_process(tmp_path) == 0


def test_nothing_started_and_a_folder_that_cannot_be_written(tmp_path):
    assert (started_process(tmp_path), last_line(tmp_path)) == (0, "")
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="cannot start a training in"):
        start(tmp_path / "file" / "run", ["runs", "list"])


def test_of_a_bar_only_the_last_state_counts(tmp_path):
    (tmp_path / "output.log").write_bytes(b"loading\n 10%|#\r 20%|##\n\n")
    assert last_line(tmp_path) == "20%|##"


def test_the_studio_loads_no_torch():
    script = "import sys, training.studio.application, training.studio.command; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
