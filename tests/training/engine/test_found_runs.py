import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from edge.errors import ConfigurationError
from training.cli import main
from training.engine.found_runs import find_run, find_runs
from training.engine.history import append_history
from training.engine.run_folder import RunFolder

DESCRIPTION = {"cards": 600, "command": "card-training student --name a --steps 9", "settings": {"seed": 0}}
TRAINED = {"step": 4, "progress": 0.4, "arcface": 1.25, "learning_rate": 1e-3, "images_per_s": 80.0, "eta_s": 61}
MEASURED = {"step": 4, "recall_at_1": 0.9, "margin_p5": 0.05, "validation": 0.05}


def carried_out(folder, *, seed=0, finished=True):
    with RunFolder(folder, DESCRIPTION | {"settings": {"seed": seed}}, resume=False) as run:
        append_history(folder, TRAINED)
        append_history(folder, MEASURED)
        append_history(folder, MEASURED | {"step": 6, "recall_at_1": 0.8, "validation": 0.04})
        run.end(finished=finished)


def hold(folder, held, done):
    with RunFolder(folder, DESCRIPTION, resume=False):
        append_history(folder, TRAINED)
        held.set()
        done.wait(60)


def test_a_run_is_running_while_its_process_lives_and_interrupted_when_it_was_killed(tmp_path):
    context = multiprocessing.get_context("fork")
    held, done = context.Event(), context.Event()
    process = context.Process(target=hold, args=(tmp_path / "a", held, done))
    process.start()
    assert held.wait(60)
    run = find_run(tmp_path, "a")
    assert (run.state, run.process) == ("running", process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert (find_run(tmp_path, "a").state, find_run(tmp_path, "a").process) == ("interrupted", 0)


def test_finished_stopped_failed_and_damaged(tmp_path):
    carried_out(tmp_path / "done")
    carried_out(tmp_path / "recipe" / "stage1", finished=False)
    with pytest.raises(ValueError, match="no memory"), RunFolder(tmp_path / "bad", DESCRIPTION, resume=False):
        raise ValueError("no memory")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "run.json").write_text("{")
    (tmp_path / "references").mkdir()
    states = {run.name: run.state.partition(":")[0] for run in find_runs(tmp_path)}
    assert states == {"done": "finished", "recipe/stage1": "stopped", "bad": "failed", "odd": "damaged"}
    assert find_run(tmp_path, "bad").state == "failed: no memory"


def test_runs_are_listed_shown_and_compared(tmp_path, capsys):
    carried_out(tmp_path / "a")
    carried_out(tmp_path / "b", seed=7, finished=False)
    assert main(["runs", "list", "--runs", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == [
        "name",
        "state",
        "step",
        "done",
        "left",
        "images/s",
        "recall@1",
        "margin",
        "at",
        "step",
    ]
    assert sorted(line.split() for line in printed[1:]) == [
        ["a", "finished", "4", "40%", "80", "0.9", "0.05", "4"],
        ["b", "stopped", "4", "40%", "80", "0.9", "0.05", "4"],
    ]
    assert main(["runs", "show", "b", "--runs", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "go on with:  card-training student --name a --steps 9 --resume" in printed
    assert "arcface" in printed
    measured = printed.partition("held-out cards\n")[2].splitlines()[1:3]
    assert [line.split() for line in measured] == [["4", "0.9", "0.05"], ["6", "0.8", "0.05"]]
    assert main(["runs", "compare", "a", "b", "--runs", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert [line.split() for line in printed.partition("that differ\n")[2].splitlines()][1:] == [
        ["settings.seed", "0", "7"]
    ]
    assert "best recall_at_1" in printed


def test_a_run_or_folder_that_is_not_there(tmp_path, capsys):
    carried_out(tmp_path / "a")
    with pytest.raises(ConfigurationError, match="there is no run c in .*; there are: a"):
        find_run(tmp_path, "c")
    assert main(["runs", "list", "--runs", str(tmp_path / "none")]) == ConfigurationError.exit_code
    assert "a training makes it" in capsys.readouterr().err


def test_telling_of_runs_loads_no_torch(tmp_path):
    carried_out(tmp_path / "a")
    script = f"import sys; from training.cli import main; main(['runs', 'list', '--runs', {str(tmp_path)!r}]); "
    script += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, stdout=subprocess.DEVNULL).returncode == 0
