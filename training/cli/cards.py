"""The commands about cards: looking through a folder, drawing some, disturbing them, indexing them."""

from edge.files.paths import named_path
from training.cli.options import Commands, run_of


def add_inspect(commands: Commands, *, chosen: bool) -> None:
    """Declare `inspect`; its options where it is the command that was `chosen`."""
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


def add_preview(commands: Commands) -> None:
    """Declare `preview`."""
    preview = commands.add_parser("preview", help="draw a contact sheet of disturbed cards, to judge them by eye")
    preview.add_argument("folder", nargs="?", type=named_path, help="of card images (default: simulated cards)")
    preview.add_argument("--output", type=named_path, required=True, help="picture to write (.png)")
    preview.add_argument("--cards", type=int, default=6, help="rows (default: 6)")
    preview.add_argument("--seed", type=int, default=0, help="of the disturbances (default: 0)")
    preview.add_argument(
        "--on-device", action="store_true", help="by the disturbances of whole batches, which a GPU trains with"
    )
    preview.set_defaults(run=run_of("training.data.preview"))


def add_simulate(commands: Commands) -> None:
    """Declare `simulate`."""
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
    simulate.set_defaults(run=run_of("training.data.simulated_folder"))


def add_index(commands: Commands, *, chosen: bool) -> None:
    """Declare `index`; its options where it is the command that was `chosen`."""
    if not chosen:
        commands.add_parser("index", help="build a card database from a folder of card images")
        return
    from training.index import build

    build.add_parser(commands)
