import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.parallel.processes import in_processes

WORK = """
import time
from training.parallel.processes import in_processes

if __name__ == "__main__":
    for outcome in in_processes(abs, range(-64, 0), 2):
        print(outcome, flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_outcomes_come_in_order(workers):
    assert list(in_processes(abs, range(-100, 0), workers)) == list(range(100, 0, -1))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the children of a process from /proc")
def test_processes_end_with_one_that_is_killed(tmp_path):
    (tmp_path / "work.py").write_text(WORK)
    with subprocess.Popen([sys.executable, tmp_path / "work.py"], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"64\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
    assert len(children) >= 2
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{child}").exists() for child in children)
