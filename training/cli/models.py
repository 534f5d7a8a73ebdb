"""The commands that make a model file of a checkpoint, and others of that."""

import argparse

from edge.files.paths import named_path
from training.cli.options import RUNS, Commands, run_of


def add_export(commands: Commands) -> None:
    """Declare `export`."""
    export = commands.add_parser(
        "export",
        help="write a checkpoint as ONNX with its manifest",
        description="Writes the averaged network of a checkpoint as ONNX, checks it against torch on card crops, "
        "scores it on held-out cards and writes the manifest beside it.",
    )
    export.add_argument("--checkpoint", type=named_path, required=True, help="RUNS/NAME/checkpoint.pt")
    export.add_argument("--output", type=named_path, required=True, help="such as models/demo.onnx")
    export.add_argument("--note", default="", help="a remark for the model card")
    export.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")
    export.add_argument("--batch", type=int, help="fixed number of cards that the graph takes (default: any number)")
    export.add_argument(
        "--normalization",
        choices=("inside", "outside"),
        default="inside",
        help="whether the graph takes pixels of 0 to 255, or normalised ones; the scanner needs them inside",
    )
    export.set_defaults(run=run_of("training.export.student", "loading PyTorch"))


def add_quantize(commands: Commands) -> None:
    """Declare `quantize`."""
    quantize = commands.add_parser(
        "quantize",
        help="make a model of 8-bit integers from a float one",
        description="Calibrates an ONNX model on crops of training cards, writes it with 8-bit weights and activations "
        "(QDQ), and reports what that costs on held-out cards. It works with the float model's card databases.",
    )
    quantize.add_argument("--model", type=named_path, required=True, help="float model (.onnx, its .json beside it)")
    quantize.add_argument("--output", type=named_path, required=True, help="such as models/demo-int8.onnx")
    _add_calibration(quantize, crops=200)
    quantize.set_defaults(run=run_of("training.export.quantization"))


def add_compile(commands: Commands) -> None:
    """Declare `compile`."""
    compile_ = commands.add_parser(
        "compile",
        help="compile a student for the Hailo-8",
        description="Writes a job folder: the graph in operations that the compiler takes, calibration crops, the "
        "model script and the commands. Where Hailo's Dataflow Compiler is installed, the job is carried out.",
    )
    compile_.add_argument(
        "--checkpoint", type=named_path, required=True, help="RUNS/NAME/checkpoint.pt, or the float model itself"
    )
    compile_.add_argument("--model", type=named_path, required=True, help="float model exported from it (.onnx)")
    compile_.add_argument("--output", type=named_path, required=True, help="job folder")
    _add_calibration(compile_, crops=1024)
    compile_.set_defaults(run=run_of("training.export.compilation"))


def _add_calibration(parser: argparse.ArgumentParser, crops: int) -> None:
    """Declare the crops that 8-bit integers are calibrated with."""
    parser.add_argument("--cards", type=named_path, help="folder of card images in place of simulated cards")
    parser.add_argument("--metadata", type=named_path, help="JSON file: card id -> details, of that folder")
    parser.add_argument("--calibration", type=int, default=crops, help=f"crops to calibrate with (default: {crops})")
    parser.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")
