"""`card-scanner export`: the log of scans as a file for a collection manager or a shop."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from edge.cli.arguments import Commands, add_config, configuration_file, new_command
from edge.cli.card_folder import LIST_FILE, PicturedCard, check_new, write_cards
from edge.cli.output import check_new_file, tell, write, write_line, write_new
from edge.errors import ConfigurationError, StoreError
from edge.export.complete import complete_json
from edge.export.formats import FORMATS, Collection
from edge.export.items import Defaults, items_of
from edge.export.report import Report
from edge.export.words import CONDITIONS
from edge.export.writer import write_items
from edge.files.paths import named_path
from edge.files.printing import counted
from edge.files.sqlite import is_absent
from edge.inventory.entry import Inventory
from edge.inventory.reading import Label, read_inventory, read_labels
from edge.log.reading import LoggedScan, mark_exported, read_scans, sessions
from edge.settings.settings import load_settings
from edge.wire.messages import CardDetails

JSON = "json"
_EXAMPLES = """\
  card-scanner export --list                                   which sessions are there?
  card-scanner export --format collectr --output cards.csv     all scans, for Collectr
  card-scanner export --format cardmarket --session last --condition LP --report report.json
  card-scanner export --format json                            all that is known, to standard output
  card-scanner export --corrections corrected/                 what was corrected on the page, for card-training

A report of what was left out or lost meaning goes to standard error, as JSON into --report. What was exported is marked
so in the log, and is the first to go when that is full. Of the installed service: sudo -u card-scanner card-scanner
export."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = (
        "Write the log of scans as a file for a collection manager or a shop. docs/exports.md has the formats."
    )
    parser = new_command(commands, common, "export", description, _EXAMPLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--format", choices=(*FORMATS, JSON), help="whose file it is")
    what.add_argument("--list", action="store_true", help="list the sessions instead")
    what.add_argument(
        "--corrections",
        type=named_path,
        metavar="DIR",
        help="pictures of cards that were taken for others, and which they are, into a new folder, for card-training",
    )
    parser.add_argument("--output", type=named_path, metavar="FILE", help="a new file; standard output unless given")
    parser.add_argument("--report", type=named_path, metavar="FILE", help="the report as JSON, into a new file")
    parser.add_argument("--session", action="append", metavar="ID", help="only this one, or 'last'; may be repeated")
    parser.add_argument("--log", type=named_path, metavar="FILE", help="scans.db; the settings' one unless given")
    parser.add_argument(
        "--inventory", type=named_path, metavar="FILE", help="inventory.db; the page's one unless given"
    )
    parser.add_argument("--condition", choices=CONDITIONS, default="NM", help="where nothing is said (NM)")
    parser.add_argument("--language", metavar="CODE", help="where nothing is said (the card's own, or en)")
    parser.add_argument("--finish", help="where nothing is said (the card's only one, or normal)")
    parser.add_argument("--game", default="Pokemon", help="as the site calls it (Pokemon)")
    parser.add_argument("--folder", default="card-scanner", help="portfolio or folder at the site (card-scanner)")
    parser.add_argument("--for-excel", action="store_true", help="to be opened in a spreadsheet: no cell is a formula")
    add_config(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    settings = load_settings(configuration_file(options))
    log: Path = options.log or settings.log.file
    inventory: Path = options.inventory or settings.page.inventory_file
    if options.corrections is not None:
        return _export_corrections(inventory, options.corrections)
    if options.list:
        for each in sessions(log):
            write_line(f"{each.session}  {each.started_at}  {each.scans} scans  {each.device}  {each.source}")
        return 0
    for path in (options.output, options.report):
        if path is not None:
            check_new_file(path)
    scans = list(read_scans(log, _wanted(options.session, log)))
    # Where nobody has named a file, nobody may have said anything yet.
    said = Inventory() if options.inventory is None and is_absent(inventory) else read_inventory(inventory)
    content, report, exported = _content(options, scans, said)
    if options.output is None:
        write(content)
    else:
        write_new(options.output, content)
    _mark(log, exported, report)
    if options.report is not None:
        write_new(options.report, report.as_json())
    for line in report.lines():
        tell(line)
    return 0


def _export_corrections(inventory: Path, folder: Path) -> int:
    check_new(folder)
    labels = list(read_labels(inventory))
    write_cards(folder, map(_labelled, labels))
    cards = len({label.card_id for label in labels})
    write_line(f"{counted(len(labels), 'picture')} of {counted(cards, 'card')} and {LIST_FILE} are in {folder}")
    return 0


def _labelled(label: Label) -> PicturedCard:
    details = CardDetails.model_validate_json(label.card, extra="ignore")
    return PicturedCard(card_id=label.card_id, details=details, pictures=(label.jpeg,), suffix="jpg")


def _content(
    options: argparse.Namespace, scans: list[LoggedScan], inventory: Inventory
) -> tuple[str, Report, list[int]]:
    if options.format == JSON:
        report = Report(format=JSON, rows=len(scans), cards=len(scans))
        return "".join(complete_json(scans, inventory)), report, [scan.scan for scan in scans]
    defaults = Defaults(condition=options.condition, language=options.language, finish=options.finish)
    collection = Collection(game=options.game, folder=options.folder, today=datetime.now(UTC).date().isoformat())
    items = items_of(scans, inventory, defaults)
    return write_items(items, FORMATS[options.format], options.format, collection, for_excel=options.for_excel)


def _wanted(named: list[str] | None, log: Path) -> list[str] | None:
    """The sessions that are asked for; None where all are."""
    if named is None:
        return None
    known = [each.session for each in sessions(log)]
    wanted = [known[-1] if each == "last" and known else each for each in named]
    if unknown := [each for each in wanted if each not in known]:
        raise ConfigurationError(f"there is no session {', '.join(unknown)} with scans in {log}; --list shows them")
    return wanted


def _mark(log: Path, exported: list[int], report: Report) -> None:
    """What cannot be marked is only kept longer; the file is written."""
    try:
        mark_exported(log, exported, datetime.now(UTC).isoformat(timespec="milliseconds"))
    except StoreError as failure:
        report.remarks.append(f"not marked as exported: {failure}; use 'sudo -u card-scanner'")
