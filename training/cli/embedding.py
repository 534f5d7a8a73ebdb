"""The commands that train the embedding network and its teacher."""

from edge.files.paths import named_path
from training.cli.options import Commands, add_length, add_run, run_of


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


def add_recipes(commands: Commands) -> None:
    """Declare `recipes`."""
    recipes = commands.add_parser(
        "recipes", help="the recipes that ship, and everything that one may say, as Markdown (docs/recipes.md)"
    )
    recipes.set_defaults(run=run_of("training.embedding.recipes.reference"))


def add_student(commands: Commands) -> None:
    """Declare `student`."""
    student = commands.add_parser(
        "student",
        help="train the embedding network that the scanner runs",
        description="Trains the embedding network: alone, for --minutes or --steps, or as a --recipe says, alone or "
        "from a teacher. SIGTERM or Ctrl-C saves a checkpoint and ends the run; --resume goes on. "
        "Several processes: torchrun --nproc-per-node N -m training student ...",
    )
    add_length(student.add_mutually_exclusive_group(), ", without a teacher")
    student.add_argument("--learning-rate", type=float, default=1e-3, help="peak of the schedule (default: 0.001)")
    student.add_argument("--recipe", help="name of a recipe that ships (see card-training recipes), or a TOML file")
    student.add_argument(
        "--weights",
        metavar="STUDENT",
        help="begin with another student: demo for the one that ships, a checkpoint (.pt) or an exported model "
        "(.onnx); or, its backbone alone, with published weights, a folder or a name on Hugging Face's hub (default: "
        "random ones, or the recipe's)",
    )
    student.add_argument(
        "--teacher",
        type=named_path,
        help="its checkpoint, such as RUNS/NAME/last-blocks/checkpoint.pt, or that (or the .onnx file) of a student",
    )
    student.add_argument(
        "--shape", help="of the network, such as regnet-x-400mf (default: demo, or that of the recipe or the weights)"
    )
    add_run(student, "training.embedding.student")
