"""Learned cards as a folder that `card-training index` reads: a picture a view, and a list of what they show."""

import base64
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from edge.database.learned_card import LearnedId
from edge.errors import ConfigurationError, ProtocolError
from edge.wire.commands import LearnedCardReply
from edge.wire.messages import CardDetails

LIST_FILE = "cards.json"
_ID: TypeAdapter[str] = TypeAdapter(LearnedId)
_LIST: TypeAdapter[dict[str, CardDetails]] = TypeAdapter(dict[str, CardDetails])


def check_new(folder: Path) -> None:
    """Check a folder before the work for it is done.

    Raises:
        ConfigurationError: if it is there and not empty.
    """
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as cause:
        raise _unwritable(folder, cause) from cause
    if taken:
        raise ConfigurationError(f"{folder} is there already and not empty; name a new folder")


def write_export(folder: Path, cards: Sequence[LearnedCardReply]) -> None:
    """Write pictures, named after their cards, and the list.

    Raises:
        ProtocolError: if what a scanner has given is no learned card.
        ConfigurationError: if the folder cannot be written.
    """
    pictures = {name: picture for card in cards for name, picture in _pictures(card)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in pictures.items():
            (folder / name).write_bytes(picture)
        listed = {card.card_id: card.details for card in cards}
        (folder / LIST_FILE).write_bytes(_LIST.dump_json(listed, indent=1) + b"\n")
    except OSError as cause:
        raise _unwritable(folder, cause) from cause


def _pictures(card: LearnedCardReply) -> Iterator[tuple[str, bytes]]:
    try:
        card_id = _ID.validate_python(card.card_id)
        for number, view in enumerate(card.views, 1):
            yield f"{card_id}_{number}.webp", base64.b64decode(view, validate=True)
    except ValueError as cause:
        raise ProtocolError(f"{card.card_id!r} cannot be exported: the scanner's reply is no learned card") from cause


def _unwritable(folder: Path, cause: OSError) -> ConfigurationError:
    reason = os.strerror(cause.errno) if cause.errno else str(cause)
    return ConfigurationError(f"cannot write {folder}: {reason}; is there room, and may you write there?")
