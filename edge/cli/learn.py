"""`card-scanner learn`: teaches a running scanner the card that lies under its camera."""

import argparse
import base64
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from edge.cli.arguments import Commands, new_command
from edge.cli.output import write_line
from edge.cli.running_scanner import add_running_scanner, control_of
from edge.database.learned_card import LearnedId
from edge.errors import ConfigurationError, ProtocolError
from edge.files.paths import named_path
from edge.wire.commands import ForgetReply, LearnedCardReply, LearnedReply, LearnReply

if TYPE_CHECKING:
    from pathlib import Path

    from edge.cli.card_folder import PicturedCard
    from edge.client import Control

_ID: TypeAdapter[str] = TypeAdapter(LearnedId)

_EXAMPLES = """\
  card-scanner learn "Mossy Drake"               the card that lies there and is not known is Mossy Drake from now on
  card-scanner learn "Mossy Drake" --track 7     ... that of track 7, where several lie there
  card-scanner learn --list                      which cards are learned?
  card-scanner learn --remove learned-3f9a0c17be52
  card-scanner learn --export learned/           pictures and cards.json, for the next 'card-training index'

Lay one card under the camera, upright in the picture, and leave it alone until it is told as unknown. It is learned
from three sharp views that agree, and known by any scanner with this state folder, also after a restart or with another
card database or model. It is refused where it is known, face down, dazzled by a lamp, or not alone."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = "Teach a running scanner the card that lies under its camera. It asks on publish.control."
    parser = new_command(commands, common, "learn", description, _EXAMPLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", metavar="NAME", help="of the card in view")
    what.add_argument("--list", action="store_true", help="list the learned cards")
    what.add_argument("--remove", metavar="ID", help="forget a learned card")
    what.add_argument("--export", type=named_path, metavar="DIR", help="write all learned cards into a new folder")
    parser.add_argument("--track", type=_number, metavar="N", help="which of several cards; messages say its track_id")
    add_running_scanner(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.track is not None and options.name is None:
        raise ConfigurationError("--track goes with the NAME of a card to learn; 'learn --help' shows examples")
    with control_of(options) as control:
        if options.list:
            _list(control)
        elif options.remove is not None:
            write_line(f"{control.ask(ForgetReply, 'forget', card_id=options.remove).card_id} is forgotten")
        elif options.export is not None:
            _export(control, options.export)
        else:
            track = {} if options.track is None else {"track_id": options.track}
            card = control.ask(LearnReply, "learn", name=options.name, **track).card
            write_line(f"learned: {card.details.name} ({card.card_id})")
    return 0


def _list(control: "Control") -> None:
    reply = control.ask(LearnedReply, "learned")
    for card in reply.cards:
        write_line(f"{card.card_id}  {card.learned_at}  {card.details.name}")
    for card_id, known_as in reply.known.items():
        write_line(f"{card_id}  is not needed any more: the card database has it as {known_as}")
    for card_id, fault in reply.faults.items():
        write_line(f"{card_id}  is left out: {fault}")
    if not reply.cards and not reply.known and not reply.faults:
        write_line(f"no card is learned; they would be kept in {reply.folder}")


def _export(control: "Control", folder: "Path") -> None:
    from edge.cli.card_folder import check_new, write_cards

    check_new(folder)
    listed = control.ask(LearnedReply, "learned").cards
    cards = [card for each in listed for card in control.ask(LearnedReply, "learned", card_id=each.card_id).cards]
    write_cards(folder, [_pictured(card) for card in cards])
    write_line(
        f"{len(cards)} cards are in {folder}: add the pictures, and the entries of cards.json, to those of the next "
        "'card-training index'"
    )


def _pictured(card: LearnedCardReply) -> "PicturedCard":
    from edge.cli.card_folder import PicturedCard

    try:
        card_id = _ID.validate_python(card.card_id)
        pictures = tuple(base64.b64decode(view, validate=True) for view in card.views)
    except ValueError as cause:
        raise ProtocolError(f"{card.card_id!r} cannot be exported: the scanner's reply is no learned card") from cause
    return PicturedCard(card_id=card_id, details=card.details, pictures=pictures, suffix="webp")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ConfigurationError(f"{text!r} is not the number of a track")
    return int(text)
