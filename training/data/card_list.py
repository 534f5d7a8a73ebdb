"""Lists of cards as people have them: JSON objects, lists of objects as the card sites give them, and CSV."""

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pydantic import ValidationError

from edge.errors import ConfigurationError
from edge.files.regular_files import read_regular
from edge.settings.validation import first_fault
from edge.wire.messages import CardDetails

Entry = Mapping[str, object]

# Where each detail is looked for: our own name first, then those of pokemontcg.io, TCGdex and Scryfall.
_DETAILS = {
    "name": ("name", "name_en"),
    "set_code": ("set_code", "set.id", "set", "set_id"),
    "set_name": ("set_name", "set.name"),
    "number": ("number", "local_id", "localId", "collector_number"),
    "rarity": ("rarity",),
    "types": ("types",),
    "language": ("language", "lang"),
    "image_url": ("image_url", "images.large", "images.small", "image_uris.large", "image_uris.normal", "image"),
}
# What a card exists in: names, or an object whose members say yes; a table has them in one cell.
_FINISHES = ("finishes", "variant_types", "variants")
# Site -> where its number of the card is looked for: our own name, then those of Scryfall and TCGdex.
_PRODUCT_IDS = {
    "tcgplayer": ("product_ids.tcgplayer", "tcgplayer_id", "pricing.tcgplayer.productId"),
    "cardmarket": ("product_ids.cardmarket", "cardmarket_id", "pricing.cardmarket.idProduct"),
    "scryfall": ("product_ids.scryfall", "scryfall_id"),
    "manabox": ("product_ids.manabox", "manabox_id"),
}
# The two scripts of Chinese, as Scryfall and TCGdex call them.
_CHINESE = {"zhs": "zh-Hans", "zh-cn": "zh-Hans", "zht": "zh-Hant", "zh-tw": "zh-Hant"}
_REQUIRED = ("name", "set_code", "set_name", "number")
_IDS = ("id", "card_id", "tcgdex_id")
_FILES = ("file", "file_name", "filename", "image_file")
_KNOWN = {
    place.partition(".")[0]
    for places in (_IDS, _FILES, _FINISHES, *_PRODUCT_IDS.values(), *_DETAILS.values())
    for place in places
}
_WRAPPERS = ("data", "cards")
# References in a database are named after the id.
_LONGEST_ID = 100
_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CardList:
    """What a list says of cards.

    Attributes:
        cards: card id -> details.
        names: what a card's image file may be called, without suffix -> card id.
        unusable: entries that are left out, each with the reason.
        completed: cards for which something was filled in, each with what the list lacks.
        ignored: fields that say nothing to the scanner.
    """

    cards: dict[str, CardDetails]
    names: dict[str, str]
    unusable: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def read_card_list(path: Path) -> CardList:
    """Read what is known of each card: from CSV where the file's name ends so, else from JSON.

    Raises:
        ConfigurationError: if the file cannot be read or is no list of cards, or naming the cards that it holds twice.
    """
    try:
        content = read_regular(path)
    except OSError as cause:
        raise ConfigurationError(f"cannot read the metadata {path}: {cause.strerror}; is --metadata right?") from cause
    read = _csv_entries if path.suffix.lower() in (".csv", ".tsv") else _json_entries
    try:
        entries = read(content)
    except (ValueError, RecursionError, csv.Error) as cause:
        raise ConfigurationError(f"the metadata {path} {cause}") from cause
    counts = Counter(card_id for card_id, _ in entries if card_id)
    if repeated := [card_id for card_id, count in counts.items() if count > 1]:
        listed = ", ".join(repeated[:_LISTED]) + (" ..." if len(repeated) > _LISTED else "")
        raise ConfigurationError(
            f"the metadata {path} have more than one entry for {len(repeated)} of the cards ({listed}); "
            "keep one of each"
        )
    return _card_list(entries)


class _Pairs(list[tuple[str, object]]):
    """The members of a JSON object, in order; a key may occur twice."""


def _json_entries(content: bytes) -> list[tuple[str, object]]:
    """(card id or "", entry) of a JSON object or list; a card that occurs twice is there twice."""
    try:
        found = json.loads(content, object_pairs_hook=_Pairs)
    except ValueError as cause:
        raise ValueError(f"is not JSON: {cause}") from cause
    if isinstance(found, _Pairs):
        lists = [value for key, value in found if key in _WRAPPERS and type(value) is list]
        if not lists:
            return [(key, _plain(entry)) for key, entry in found]
        found = lists[0]
    if not isinstance(found, list):
        raise ValueError("must be one JSON object (card id -> details) or a list of objects")  # noqa: TRY004
    return [(_id_of(entry), entry) for entry in map(_plain, found)]


def _plain(value: object) -> object:
    """A JSON value with dictionaries for its objects."""
    if not isinstance(value, list):
        return value
    if not isinstance(value, _Pairs):
        return [_plain(each) for each in value]
    members = {key: _plain(each) for key, each in value}
    if len(members) < len(value):
        raise ValueError(f"hold an entry with a field twice: {', '.join(key for key, _ in value)}")
    return members


def _csv_entries(content: bytes) -> list[tuple[str, object]]:
    """(card id or "", row) of a table whose first line names the columns."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise ValueError("are not UTF-8 text; save them as UTF-8") from cause
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))
    if not rows or not set(_IDS).intersection(rows[0]):
        raise ValueError(f"have no column of card ids ({', '.join(_IDS)}) in the first line, or no cards below it")
    return [(_id_of(row), row) for row in rows]


def _card_list(entries: Sequence[tuple[str, object]]) -> CardList:
    cards: dict[str, CardDetails] = {}
    files: dict[str, str] = {}
    unusable: list[str] = []
    completed: list[str] = []
    ignored: dict[str, None] = {}
    for number, (card_id, entry) in enumerate(entries, 1):
        card = _card(card_id, entry)
        if isinstance(card, str) or not isinstance(entry, Mapping):
            unusable.append(f"{card_id or f'entry {number}'}: {card}")
            continue
        cards[card_id] = card
        missing = [field for field in _REQUIRED if _found(entry, _DETAILS[field]) is None]
        completed += [f"{card_id}: no {', no '.join(missing)}"] if missing else []
        ignored |= dict.fromkeys(key for key in entry if key not in _KNOWN)
        files |= {PurePath(str(entry[key])).stem: card_id for key in _FILES if entry.get(key)}
    return CardList(
        cards=cards,
        names=_names(cards, files),
        unusable=tuple(unusable),
        completed=tuple(completed),
        ignored=tuple(ignored),
    )


def _card(card_id: str, entry: object) -> CardDetails | str:
    """The details of a card, or why its entry cannot be used."""
    if not isinstance(entry, Mapping):
        return "it is not an object"
    if None in entry:
        return "it has more fields than there are columns"
    if not card_id:
        return f"it has no id ({', '.join(_IDS)})"
    if len(card_id) > _LONGEST_ID or not card_id.isprintable() or "/" in card_id or card_id.startswith("."):
        return f"an id has at most {_LONGEST_ID} printable characters, no '/', and does not begin with a dot"
    try:
        return CardDetails.model_validate(_details(card_id, entry))
    except ValidationError as cause:
        return first_fault(cause, "the entry")


def _details(card_id: str, entry: Entry) -> dict[str, object]:
    """The details of a card as they are stored; what every card has and this one lacks is taken from its id."""
    details = {field: _found(entry, places) for field, places in _DETAILS.items()}
    code, _, number = card_id.rpartition("-")
    details["name"] = details["name"] or card_id
    details["set_code"] = details["set_code"] or code
    details["set_name"] = details["set_name"] or details["set_code"]
    details["number"] = details["number"] or number
    if isinstance(details["types"], str):
        details["types"] = _split(details["types"])
    if isinstance(details["language"], str):
        details["language"] = _CHINESE.get(details["language"].lower(), details["language"])
    details["finishes"] = _finishes(entry)
    details["product_ids"] = _product_ids(entry)
    return {field: value for field, value in details.items() if value is not None}


def _finishes(entry: Entry) -> list[str]:
    """Every variant that the list names, also one that nobody has heard of."""
    for place in _FINISHES:
        value = entry.get(place)
        if isinstance(value, str) and value.strip():
            return _split(value)
        if isinstance(value, Mapping):
            return [name for name, there in value.items() if there is True]
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return [each.strip() for each in value if each.strip()]
    return []


def _product_ids(entry: Entry) -> dict[str, str]:
    """Site -> its number of the card, where the list has it, and whatever else stands under our own name for it."""
    own = entry.get("product_ids")
    ids = {str(site): str(_text(number)) for site, number in own.items()} if isinstance(own, Mapping) else {}
    found = {site: _found(entry, places) for site, places in _PRODUCT_IDS.items()}
    if "oracle_id" in entry:  # Scryfall's own list, whose ids are the cards'
        found["scryfall"] = found["scryfall"] or _id_of(entry)
    return ids | {site: str(number) for site, number in found.items() if number is not None}


def _split(cell: str) -> list[str]:
    return [each.strip() for each in cell.replace("|", ",").split(",")]


def _id_of(entry: object) -> str:
    found = _found(entry, _IDS) if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""


def _found(entry: Entry, places: Iterable[str]) -> object:
    """The first of these fields that is there and says something; `set.id` is the field `id` of the object `set`."""
    for place in places:
        value: object = entry
        for key in place.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) and (value := _text(value)) not in (None, ""):
            return value
    return None


def _text(value: object) -> object:
    """A string without the white space around it, a whole number as a string, no NaN; anything else as it is."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else None if math.isnan(value) else value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _names(cards: Mapping[str, CardDetails], files: Mapping[str, str]) -> dict[str, str]:
    """What names a card: its id; the file that its entry gives; set and number where no other card has them."""
    printed = [(f"{card.set_code}-{card.number}", card_id) for card_id, card in cards.items()]
    counts = Counter(name for name, _ in printed)
    alone = {name: card_id for name, card_id in printed if counts[name] == 1}
    return {**alone, **files, **{card_id: card_id for card_id in cards}}
