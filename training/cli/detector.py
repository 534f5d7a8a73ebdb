"""The commands that train a network of the detector and write it."""

from edge.files.paths import named_path
from training.cli.options import Commands, add_length, add_processes, run_of


def add_detector(commands: Commands) -> None:
    """Declare `detector` and `export-detector`."""
    detector = commands.add_parser(
        "detector",
        help="train a network of the detector",
        description="Trains the network that proposes card outlines, or the one that places the sides of a card, from "
        "small simulated scenes, which are rendered first. SIGTERM or Ctrl-C saves a checkpoint and ends the run; "
        "--resume goes on. Several processes: torchrun --nproc-per-node N -m training detector ...",
    )
    detector.add_argument("--network", choices=("outline", "sides"), required=True, help="which of the two")
    detector.add_argument("--name", required=True, help="of the run: its folder is RUNS/NAME")
    add_length(detector.add_mutually_exclusive_group(required=True), "")
    detector.add_argument("--scenes", type=int, default=10_000, help="simulated scenes to learn from (default: 10000)")
    detector.add_argument("--workers", type=int, default=1, help="processes that make batches (default: 1)")
    beginning = detector.add_mutually_exclusive_group()
    beginning.add_argument("--resume", action="store_true", help="go on with the run of this name")
    beginning.add_argument(
        "--weights", type=named_path, metavar="CHECKPOINT", help="begin with the weights of another run"
    )
    add_processes(detector, "training.detection.command")
    export = commands.add_parser("export-detector", help="write a checkpoint of one of them as ONNX")
    export.add_argument("--checkpoint", type=named_path, required=True, help="RUNS/NAME/checkpoint.pt")
    export.add_argument("--output", type=named_path, required=True, help="such as models/outline.onnx")
    export.set_defaults(run=run_of("training.detection.export", "loading PyTorch"))
