import os
import stat
import subprocess

from training.launch.sagemaker import ENTRY, REPOSITORY, build_parser, estimator_options

COMMAND = ["--role", "arn:role", "--checkpoints", "s3://runs", "--spot", "--hours", "3"]


def test_the_estimator_gets_the_command_and_a_place_for_its_runs():
    args = build_parser().parse_args([*COMMAND, "--", "teacher", "--name", "t", "--cards", "/opt/ml/input/data/cards"])
    options = estimator_options(args)
    assert options["environment"]["CARD_TRAINING"] == (
        "teacher --name t --cards /opt/ml/input/data/cards --runs /opt/ml/checkpoints"
    )
    assert (options["instance_count"], options["max_run"], options["max_wait"]) == (1, 10_800, 21_600)
    assert (REPOSITORY / options["entry_point"]).is_file()


def test_the_machine_trains_on_all_its_gpus(tmp_path):
    for name in ("torchrun", "pip"):
        shown = tmp_path / name
        shown.write_text(f'#!/bin/bash\n[ {name} = pip ] || echo "$@"\n')
        shown.chmod(shown.stat().st_mode | stat.S_IXUSR)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "SM_NUM_GPUS": "8", "CARD_TRAINING": "teacher --name t",
    }  # fmt: skip
    command = [str(REPOSITORY / ENTRY)]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert shown == "--standalone --nproc-per-node 8 -m training teacher --name t\n"


def test_nothing_imports_it():
    sources = [path for path in (REPOSITORY / "training").rglob("*.py") if "launch" not in path.parts]
    assert not [path for path in sources if "training.launch" in path.read_text(encoding="utf-8")]
