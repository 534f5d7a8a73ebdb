"""Starts a training command on Amazon SageMaker: `python -m training.launch.sagemaker --role ... -- teacher --name t`.

It needs `pip install sagemaker` and AWS credentials on the machine that starts it, and is imported by nothing. The
repository is uploaded as it is; the machine installs it with `pip install -e .[training,tracking]` and runs the command
under `torchrun` on all its GPUs. Runs are kept in `/opt/ml/checkpoints`, which SageMaker copies to `--checkpoints` as
they are written and brings back for the next job, so that a job that was ended goes on with `--resume` in the command.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
ENTRY = "training/launch/entry.sh"
RUNS = "/opt/ml/checkpoints"


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the job; returns the exit code."""
    args = build_parser().parse_args(arguments)
    estimator(args).fit(inputs={"cards": args.cards} if args.cards else None, wait=args.wait)
    sys.stdout.write(f"started on {args.machine_type}; runs go to {args.checkpoints}\n")
    return 0


def estimator(args: argparse.Namespace) -> Any:  # noqa: ANN401 (SageMaker has no types)
    """SageMaker's PyTorch estimator for the command."""
    from sagemaker.pytorch import PyTorch

    return PyTorch(**estimator_options(args))


def estimator_options(args: argparse.Namespace) -> dict[str, Any]:
    """What the estimator is given."""
    hours = 3600
    return {
        "entry_point": ENTRY,
        "source_dir": str(REPOSITORY),
        "role": args.role,
        "framework_version": args.torch,
        "py_version": "py311",
        "instance_count": 1,
        "instance_type": args.machine_type,
        "use_spot_instances": args.spot,
        "max_run": args.hours * hours,
        "max_wait": 2 * args.hours * hours if args.spot else None,
        "checkpoint_s3_uri": args.checkpoints,
        "checkpoint_local_path": RUNS,
        "environment": {"CARD_TRAINING": " ".join([*args.command, "--runs", RUNS])},
    }


def build_parser() -> argparse.ArgumentParser:
    """The options of a launch; what comes after them is the training command."""
    parser = argparse.ArgumentParser(description="Starts a training command on Amazon SageMaker.")
    parser.add_argument("--role", required=True, help="ARN of the role that SageMaker takes")
    parser.add_argument("--checkpoints", required=True, help="s3://... that runs are kept in")
    parser.add_argument("--cards", help="s3://... of card images; on the machine /opt/ml/input/data/cards")
    parser.add_argument("--machine-type", default="ml.p4d.24xlarge", help="default: ml.p4d.24xlarge, 8 GPUs")
    parser.add_argument("--torch", default="2.5", help="version of SageMaker's PyTorch image (default: 2.5)")
    parser.add_argument("--hours", type=int, default=24, help="after which the job is ended (default: 24)")
    parser.add_argument("--spot", action="store_true", help="take cheaper machines that may be taken away")
    parser.add_argument("--wait", action="store_true", help="stay and show the job's log")
    parser.add_argument(
        "command", nargs="+", help="after --: such as teacher --name t --cards /opt/ml/input/data/cards"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
