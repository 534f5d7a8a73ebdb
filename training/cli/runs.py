"""The command that tells of runs."""

from edge.files.paths import named_path
from training.cli.options import RUNS, Commands, run_of


def add_runs(commands: Commands) -> None:
    """Declare `runs`."""
    runs = commands.add_parser(
        "runs",
        help="all runs, one of them, or several beside each other",
        description="Tells of runs what their folders say: which is running, interrupted, stopped, finished or failed "
        "and why, how far it is, and how well it recognised held-out cards.",
    )
    actions = runs.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="one line for each run, the last changed first")
    shown = actions.add_parser("show", help="all of one run, and how to go on with it")
    shown.add_argument("name", help="of the run, such as s/stage2 for a phase of a recipe")
    compared = actions.add_parser("compare", help="figures of several runs, and the settings that differ")
    compared.add_argument("names", nargs="+", metavar="NAME", help="of the runs")
    for action in (listed, shown, compared):
        action.add_argument("--runs", type=named_path, default=RUNS, help="folder of all runs (default: runs)")
        action.set_defaults(run=run_of("training.engine.listing"))
