"""The command that shows trainings in a browser."""

from edge.files.paths import named_path
from training.cli.options import RUNS, Commands, run_of

# chosen: beside the page's 8080.
_PORT = 8010


def add_studio(commands: Commands) -> None:
    """Declare `studio`."""
    studio = commands.add_parser(
        "studio",
        help="start and follow trainings in a browser on this machine",
        description="Serves a page for a browser on this machine: all runs as their folders tell them, their history "
        "live, and a form that starts one. A training is a process of its own: it goes on when the studio ends, and "
        "the next studio shows it again.",
    )
    studio.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")
    studio.add_argument("--port", type=int, default=_PORT, help=f"on 127.0.0.1 (default: {_PORT})")
    studio.set_defaults(run=run_of("training.studio.command"))
