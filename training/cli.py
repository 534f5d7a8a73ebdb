"""`card-training`: from card images to the files that the scanner runs."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.errors import ScannerError
from edge.files.paths import named_path
from edge.files.printing import printable

RUNS = Path("runs")

# argparse has no other name for it.
Commands = argparse._SubParsersAction  # noqa: SLF001


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        args = build_parser(given[0] if given else None).parse_args(given)
        return int(args.run(args))
    except ScannerError as error:
        sys.stderr.write(f"card-training: {printable(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("card-training: interrupted\n")
        return 130


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The command line, with the modules of `command` loaded and no others: torch takes seconds to load."""
    parser = argparse.ArgumentParser(
        prog="card-training", description="Trains the scanner's model, builds its card database, measures both."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_inspect(commands, chosen=command == "inspect")
    _add_teacher(commands)
    _add_student(commands)
    _add_ablate(commands)
    _add_fit(commands)
    _add_detector(commands)
    _add_export(commands)
    _add_quantize(commands)
    _add_compile(commands)
    _add_preview(commands)
    _add_simulate(commands)
    _add_index(commands, chosen=command == "index")
    _add_evaluate(commands, chosen=command == "evaluate")
    return parser


def _add_student(commands: "Commands[argparse.ArgumentParser]") -> None:
    student = commands.add_parser(
        "student",
        help="train the embedding network that the scanner runs",
        description="Trains the embedding network: alone, for --minutes or --steps (so the demo model was made), or "
        "from a teacher as a --recipe says. SIGTERM or Ctrl-C saves a checkpoint and ends the run; --resume goes on. "
        "Several processes: torchrun --nproc-per-node N -m training student ...",
    )
    _add_length(student.add_mutually_exclusive_group(), ", without a teacher")
    student.add_argument("--learning-rate", type=float, default=1e-3, help="peak of the schedule (default: 0.001)")
    student.add_argument("--recipe", help="learn from a teacher: name of a recipe that ships, or a TOML file")
    student.add_argument(
        "--teacher",
        type=named_path,
        help="its checkpoint, such as RUNS/NAME/last-blocks/checkpoint.pt, or that (or the .onnx file) of a student",
    )
    student.add_argument("--shape", help="of the network, such as regnet-x-400mf (default: demo, or the recipe's)")
    _add_run(student, "training.embedding.student")


def _add_teacher(commands: "Commands[argparse.ArgumentParser]") -> None:
    teacher = commands.add_parser(
        "teacher",
        help="train the large network that students learn from",
        description="Trains the teacher of a recipe, phase by phase. It stops and resumes as `student` does.",
    )
    teacher.add_argument(
        "--recipe", default="distillation", help="name of a recipe that ships, or a TOML file (default: distillation)"
    )
    _add_run(teacher, "training.embedding.teach")


def _add_ablate(commands: "Commands[argparse.ArgumentParser]") -> None:
    ablate = commands.add_parser("ablate", help="measure again and again without one part: what each is worth")
    kinds = ablate.add_subparsers(dest="kind", required=True, metavar="KIND")
    _add_ablate_embedding(kinds)
    _add_ablate_centering(kinds)
    detection = kinds.add_parser(
        "detection",
        help="the detector with each number halved, doubled and off, and without each rule",
        description="Finds cards with the detector as it is, and again with each of the numbers and rules that "
        "somebody chose changed, on simulated scenes that no reported figure comes from, and on real photos; and "
        "follows them so from frame to frame. Prints tables; takes minutes of one core.",
    )
    detection.add_argument("--count", type=int, default=60, help="simulated scenes (default: 60)")
    detection.add_argument("--frames", type=int, default=150, help="of the simulated bench (default: 150)")
    detection.add_argument("--only", nargs="+", default=[], metavar="NAME", help="choices with this in their names")
    detection.add_argument("--photos", type=named_path, help="folder of real photos, with --truth")
    detection.add_argument("--truth", type=named_path, help='JSON: {"photo.jpg": {"cards": 3}, ...}')
    detection.set_defaults(run=_run_of("training.evaluation.detection_ablation"))


def _add_ablate_centering(kinds: "Commands[argparse.ArgumentParser]") -> None:
    centering = kinds.add_parser(
        "centering",
        help="centering without each of its ideas, or with each number that was chosen halved and doubled",
        description="Measures simulated cards of known border, at seeds that no reported figure comes from, and the "
        "cards of a real photo: as they are measured, and again without each idea. Prints tables.",
    )
    centering.add_argument("--count", type=int, default=200, help="simulated scenes (default: 200)")
    centering.add_argument("--numbers", action="store_true", help="chosen numbers halved and doubled, not the ideas")
    centering.add_argument("--only", nargs="+", default=[], metavar="NAME", help="choices with this in their names")
    centering.add_argument(
        "--photo", type=named_path, help="real cards of one design, such as many of one set on a table"
    )
    centering.set_defaults(run=_run_of("training.evaluation.centering_ablation"))


def _add_ablate_embedding(kinds: "Commands[argparse.ArgumentParser]") -> None:
    ablate = kinds.add_parser(
        "embedding",
        help="short trainings of the embedding network without each disturbance, loss and term",
        description="Trains short runs without each family of augmentation, without each loss, with each family of "
        "networks, and with --teacher from a teacher without each term. The same command again goes on where it was "
        "stopped. The table is OUTPUT/ablation.md.",
    )
    ablate.add_argument("--output", type=named_path, required=True, help="folder of all runs and the table")
    ablate.add_argument("--steps", type=int, default=300, help="of each training (default: 300)")
    ablate.add_argument("--shape", default="demo", help="of the network (default: demo)")
    ablate.add_argument("--teacher", type=named_path, help="checkpoint of a teacher of the same cards, or of a student")
    ablate.add_argument(
        "--queries", type=int, default=600, help="crops of held-out cards under each condition (default: 600)"
    )
    ablate.add_argument("--workers", type=int, default=2, help="processes that make these crops (default: 2)")
    _add_common(ablate, "training.embedding.ablation")


def _add_fit(commands: "Commands[argparse.ArgumentParser]") -> None:
    fit = commands.add_parser("fit", help="fit the scanner's numbers to simulated cards")
    kinds = fit.add_subparsers(dest="kind", required=True, metavar="KIND")
    centering = kinds.add_parser(
        "centering",
        help="how cut edges look, and what is uncertain about the edges of cards",
        description="Measures simulated training cards of known border and fits the numbers of centering that they "
        "tell, beginning with those that the package has: one is changed only where that makes the true edges and "
        "the errors clearly likelier.",
    )
    centering.add_argument("--count", type=int, default=200, help="simulated scenes (default: 200)")
    centering.add_argument(
        "--output", type=named_path, required=True, help="file to write; the package's is edge/centering/fitted.json"
    )
    centering.set_defaults(run=_run_of("training.evaluation.centering_fit"))


def _add_run(parser: argparse.ArgumentParser, module: str) -> None:
    """Declare a run that is stopped and resumed by its name."""
    parser.add_argument("--name", required=True, help="of the run: its folder is RUNS/NAME")
    parser.add_argument("--resume", action="store_true", help="go on with the run of this name")
    _add_common(parser, module)


def _add_common(parser: argparse.ArgumentParser, module: str) -> None:
    """Declare the cards, and what every training has."""
    parser.add_argument(
        "--cards",
        type=_number_or_folder,
        default=8000,
        metavar="NUMBER|FOLDER",
        help="simulated cards to learn, or a folder of card images (default: 8000 simulated cards)",
    )
    parser.add_argument(
        "--metadata", type=named_path, help="JSON file: card id -> details, with a folder of card images"
    )
    _add_processes(parser, module)


def _add_processes(parser: argparse.ArgumentParser, module: str) -> None:
    """Declare what every training has, whatever it learns from."""
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and augmentation (default: 0)")
    parser.add_argument("--threads", type=int, default=1, help="of one training process (default: 1)")
    parser.add_argument("--batches", type=int, help="that make up a step (default: one for each process)")
    parser.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")
    parser.set_defaults(run=_run_of(module))


def _add_length(group: argparse._MutuallyExclusiveGroup, condition: str) -> None:
    """Declare the two ways to say how long a run is."""
    group.add_argument("--minutes", type=float, help=f"wall-clock time to train for{condition}")
    group.add_argument("--steps", type=int, help="optimiser steps to train for (reproducible, unlike minutes)")


def _number_or_folder(text: str) -> int | Path:
    return int(text) if text.isdecimal() else Path(text)


def _add_detector(commands: "Commands[argparse.ArgumentParser]") -> None:
    detector = commands.add_parser(
        "detector",
        help="train a network of the detector",
        description="Trains the network that proposes card outlines, or the one that places the sides of a card, from "
        "small simulated scenes, which are rendered first. SIGTERM or Ctrl-C saves a checkpoint and ends the run; "
        "--resume goes on. Several processes: torchrun --nproc-per-node N -m training detector ...",
    )
    detector.add_argument("--network", choices=("outline", "sides"), required=True, help="which of the two")
    detector.add_argument("--name", required=True, help="of the run: its folder is RUNS/NAME")
    _add_length(detector.add_mutually_exclusive_group(required=True), "")
    detector.add_argument("--scenes", type=int, default=10_000, help="simulated scenes to learn from (default: 10000)")
    detector.add_argument("--workers", type=int, default=1, help="processes that make batches (default: 1)")
    beginning = detector.add_mutually_exclusive_group()
    beginning.add_argument("--resume", action="store_true", help="go on with the run of this name")
    beginning.add_argument(
        "--weights", type=named_path, metavar="CHECKPOINT", help="begin with the weights of another run"
    )
    _add_processes(detector, "training.detection.command")
    export = commands.add_parser("export-detector", help="write a checkpoint of one of them as ONNX")
    export.add_argument("--checkpoint", type=named_path, required=True, help="RUNS/NAME/checkpoint.pt")
    export.add_argument("--output", type=named_path, required=True, help="such as models/outline.onnx")
    export.set_defaults(run=_run_of("training.detection.export"))


def _add_export(commands: "Commands[argparse.ArgumentParser]") -> None:
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
    export.set_defaults(run=_run_of("training.export.student"))


def _add_quantize(commands: "Commands[argparse.ArgumentParser]") -> None:
    quantize = commands.add_parser(
        "quantize",
        help="make a model of 8-bit integers from a float one",
        description="Calibrates an ONNX model on crops of training cards, writes it with 8-bit weights and activations "
        "(QDQ), and reports what that costs on held-out cards. It works with the float model's card databases.",
    )
    quantize.add_argument("--model", type=named_path, required=True, help="float model (.onnx, its .json beside it)")
    quantize.add_argument("--output", type=named_path, required=True, help="such as models/demo-int8.onnx")
    _add_calibration(quantize, crops=200)
    quantize.set_defaults(run=_run_of("training.export.quantization"))


def _add_compile(commands: "Commands[argparse.ArgumentParser]") -> None:
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
    compile_.set_defaults(run=_run_of("training.export.compilation"))


def _add_calibration(parser: argparse.ArgumentParser, crops: int) -> None:
    """Declare the crops that 8-bit integers are calibrated with."""
    parser.add_argument("--cards", type=named_path, help="folder of card images in place of simulated cards")
    parser.add_argument("--metadata", type=named_path, help="JSON file: card id -> details, of that folder")
    parser.add_argument("--calibration", type=int, default=crops, help=f"crops to calibrate with (default: {crops})")
    parser.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")


def _add_preview(commands: "Commands[argparse.ArgumentParser]") -> None:
    preview = commands.add_parser("preview", help="draw a contact sheet of disturbed cards, to judge them by eye")
    preview.add_argument("--output", type=named_path, required=True, help="picture to write (.png)")
    preview.add_argument("--cards", type=int, default=6, help="rows (default: 6)")
    preview.add_argument("--seed", type=int, default=0, help="of the disturbances (default: 0)")
    preview.add_argument(
        "--on-device", action="store_true", help="by the disturbances of whole batches, which a GPU trains with"
    )
    preview.set_defaults(run=_run_of("training.augmentation.preview"))


def _add_simulate(commands: "Commands[argparse.ArgumentParser]") -> None:
    simulate = commands.add_parser(
        "simulate",
        help="draw as many card images as a real game has, to try `index` on",
        description="Draws the images of a simulated game with their list and the cards' back, which `index` takes: "
        "one card in ten is a reprint, up to 40 of one art, and of eight reprints one has a picture equal to its "
        "original's. What is there already is not drawn again.",
    )
    simulate.add_argument("--output", type=named_path, required=True, help="folder to write")
    simulate.add_argument("--cards", type=int, default=17_592, help="how many (default: 17592)")
    simulate.add_argument("--workers", type=int, help="processes (default: one for each core)")
    simulate.set_defaults(run=_run_of("training.data.simulated_folder"))


def _add_index(commands: "Commands[argparse.ArgumentParser]", *, chosen: bool) -> None:
    if not chosen:
        commands.add_parser("index", help="build a card database from a folder of card images")
        return
    from training.index import build

    build.add_parser(commands)


def _add_inspect(commands: "Commands[argparse.ArgumentParser]", *, chosen: bool) -> None:
    inspect = commands.add_parser(
        "inspect",
        help="look through a folder of card images before hours are spent on it",
        description="Decodes every image of a folder, compares all with each other and with the metadata, and lists "
        "what training and index leave out or mend. Exit code 0 where they take the folder.",
    )
    if chosen:
        from training.data import inspection

        inspection.add_arguments(inspect)
        inspect.set_defaults(run=inspection.run)


def _add_evaluate(commands: "Commands[argparse.ArgumentParser]", *, chosen: bool) -> None:
    evaluate = commands.add_parser("evaluate", help="measure the scanner")
    if not chosen:
        return
    from training.evaluation import cli

    cli.add_arguments(evaluate)
    evaluate.set_defaults(run=cli.run)


def _run_of(module: str) -> Callable[[argparse.Namespace], int]:
    """A module's `run`, whose module is imported when it is called."""

    def run(args: argparse.Namespace) -> int:
        return int(importlib.import_module(module).run(args))

    return run
