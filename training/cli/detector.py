"""The commands that train a network of the detector and write it."""

from edge.files.paths import named_path
from edge.shipped import OUTLINE_MODEL
from training.cli.options import RUNS, Commands, add_length, add_processes, run_of


def add_detector(commands: Commands) -> None:
    """Declare `detector`, `export-detector` and `export-imx500`."""
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
    sensor = commands.add_parser(
        "export-imx500",
        help="make the outline network ready for the IMX500 sensor",
        description="Writes a job folder: the outline network as the sensor runs it, pictures to calibrate with and "
        "the commands. With --environment it is carried out: the network becomes one of 8-bit integers, and a package "
        "that imx500-package takes on a Raspberry Pi.",
    )
    sensor.add_argument("--output", type=named_path, required=True, help="job folder")
    which = sensor.add_mutually_exclusive_group()
    which.add_argument(
        "--model", type=named_path, default=OUTLINE_MODEL, help="exported outline network (default: the package's)"
    )
    which.add_argument("--checkpoint", type=named_path, help="RUNS/NAME/checkpoint.pt of one instead")
    sensor.add_argument(
        "--environment", type=named_path, help="folder of Sony's tools; made (6 GB) where there is none (default: none)"
    )
    sensor.add_argument("--calibration", type=int, default=64, help="pictures to calibrate with (default: 64)")
    sensor.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")
    sensor.set_defaults(run=run_of("training.detection.imx500.command", "loading PyTorch"))
