"""The commands that train the embedding network and its teacher."""

from edge.files.paths import named_path
from training.cli.options import Commands, add_length, add_run


def add_teacher(commands: Commands) -> None:
    """Declare `teacher`."""
    teacher = commands.add_parser(
        "teacher",
        help="train the large network that students learn from",
        description="Trains the teacher of a recipe, phase by phase. It stops and resumes as `student` does.",
    )
    teacher.add_argument(
        "--recipe", default="distillation", help="name of a recipe that ships, or a TOML file (default: distillation)"
    )
    add_run(teacher, "training.embedding.teach")


def add_student(commands: Commands) -> None:
    """Declare `student`."""
    student = commands.add_parser(
        "student",
        help="train the embedding network that the scanner runs",
        description="Trains the embedding network: alone, for --minutes or --steps (so the demo model was made), or "
        "from a teacher as a --recipe says. SIGTERM or Ctrl-C saves a checkpoint and ends the run; --resume goes on. "
        "Several processes: torchrun --nproc-per-node N -m training student ...",
    )
    add_length(student.add_mutually_exclusive_group(), ", without a teacher")
    student.add_argument("--learning-rate", type=float, default=1e-3, help="peak of the schedule (default: 0.001)")
    student.add_argument("--recipe", help="learn from a teacher: name of a recipe that ships, or a TOML file")
    student.add_argument(
        "--teacher",
        type=named_path,
        help="its checkpoint, such as RUNS/NAME/last-blocks/checkpoint.pt, or that (or the .onnx file) of a student",
    )
    student.add_argument("--shape", help="of the network, such as regnet-x-400mf (default: demo, or the recipe's)")
    add_run(student, "training.embedding.student")
