"""Cards as a folder that `card-training` reads: pictures that are named after them, and a list of what they are."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from edge.errors import ConfigurationError
from edge.wire.messages import CardDetails

LIST_FILE = "cards.json"
_LIST: TypeAdapter[dict[str, CardDetails]] = TypeAdapter(dict[str, CardDetails])


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturedCard:
    """A card and what it looks like.

    Attributes:
        card_id: fit for a file's name.
        details: what is known of it.
        pictures: rectified cards, encoded.
        suffix: of their files, such as `webp`.
    """

    card_id: str
    details: CardDetails
    pictures: tuple[bytes, ...]
    suffix: str


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


def write_cards(folder: Path, cards: Iterable[PicturedCard]) -> None:
    """Write pictures, named after their cards, and the list; a card may come several times.

    Raises:
        ConfigurationError: if the folder cannot be written, or an id is none that a file can be named after.
    """
    listed: dict[str, CardDetails] = {}
    numbers: Counter[str] = Counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for card in cards:
            if Path(card.card_id).name != card.card_id or not card.card_id.isprintable():
                raise ConfigurationError(f"{card.card_id!r} is no card id of which a file can be named")
            listed[card.card_id] = card.details
            for picture in card.pictures:
                numbers[card.card_id] += 1
                (folder / f"{card.card_id}_{numbers[card.card_id]}.{card.suffix}").write_bytes(picture)
        (folder / LIST_FILE).write_bytes(_LIST.dump_json(listed, indent=1) + b"\n")
    except OSError as cause:
        raise _unwritable(folder, cause) from cause


def _unwritable(folder: Path, cause: OSError) -> ConfigurationError:
    reason = os.strerror(cause.errno) if cause.errno else str(cause)
    return ConfigurationError(f"cannot write {folder}: {reason}; is there room, and may you write there?")
