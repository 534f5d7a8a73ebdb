"""The commands that measure without one part, and that fit numbers."""

from edge.files.paths import named_path
from training.cli.options import Commands, add_common, run_of


def add_ablate(commands: Commands) -> None:
    """Declare `ablate` and its kinds."""
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
    detection.set_defaults(run=run_of("training.evaluation.detection_ablation"))


def _add_ablate_embedding(kinds: Commands) -> None:
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
    add_common(ablate, "training.embedding.ablation")


def _add_ablate_centering(kinds: Commands) -> None:
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
    centering.set_defaults(run=run_of("training.evaluation.centering_ablation"))


def add_fit(commands: Commands) -> None:
    """Declare `fit` and its kinds."""
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
    centering.set_defaults(run=run_of("training.evaluation.centering_fit"))
