import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def steps(target: str, folder: Path) -> str:
    """The commands that a target would run where nothing is installed."""
    command = ["make", "--dry-run", f"VENV={folder}/venv", target]
    return subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_the_demo_does_not_wait_for_torch(tmp_path):
    assert "torch" not in steps("demo", tmp_path)
    assert '".[simulator,page]"' in steps("demo", tmp_path)


def test_the_tests_come_with_all_that_they_need(tmp_path):
    assert "torch" in steps("test", tmp_path)
    assert steps("demo", tmp_path).splitlines()[:2] == steps("test", tmp_path).splitlines()[:2]
